import type { PassedEvents } from '../adapter.ts';
import { isOverLimits } from '../parse-text.ts';
import { type CleanFrame, endOfPlain, frameOf, isEmpty, isPlain, withoutSpeaker } from './normalise/clean-frame.ts';

export const nothing: PassedEvents = { length: 0, events: 0 };

/** Passes on chunks in the middle of a clean answer without parsing them. */
export interface Shortcut {
  /** Returns the data for the client, or ''; undefined if the event must be parsed. */
  pass(data: string): string | undefined;
  /** Returns the part of a text from its start whose events all pass unchanged. The text starts between two events. */
  startOf(text: string): PassedEvents;
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
    startOf: (text) => (frame === undefined ? nothing : startOf(text, frame)),
    open: (data) => void (frame = frameOf(data)),
    close: () => void (frame = undefined),
  };
}

function startOf(text: string, frame: CleanFrame): PassedEvents {
  let length = 0;
  let events = 0;
  for (let end = endOfPlain(text, 0, frame); end !== -1; end = endOfPlain(text, length, frame)) {
    length = end;
    events++;
  }
  // A carriage return ends a line too.
  return events === 0 || text.includes('\r') ? nothing : { length, events };
}
