import { isOverLimits } from '../parse-text.ts';
import { type CleanFrame, frameOf, isEmpty, isPlain, withoutSpeaker } from './normalise/clean-frame.ts';

/** Passes on chunks in the middle of a clean answer without parsing them. */
export interface Shortcut {
  /** Returns the data for the client, or ''; undefined if the event must be parsed. */
  pass(data: string): string | undefined;
  /** Learns the frame of a clean chunk: chunks in the same frame may pass. */
  open(data: string): void;
  /** Nothing passes until the shortcut is opened again. */
  close(): void;
}

/** Length in characters below which a chunk can't be nested dangerously. */
const shortChunk = 512;

export function createShortcut(): Shortcut {
  let frame: CleanFrame | undefined;
  return {
    pass(data) {
      if (frame === undefined) return undefined;
      const plain = withoutSpeaker(data, frame);
      if (!isPlain(plain, frame)) return undefined;
      if (isEmpty(plain, frame)) return '';
      return plain.length > shortChunk && isOverLimits(plain) ? undefined : plain;
    },
    open: (data) => void (frame = frameOf(data)),
    close: () => void (frame = undefined),
  };
}
