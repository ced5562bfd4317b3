import type { Coding } from './content-codings.ts';
import { openInflater } from './inflater.ts';

/** An inflater that processes one piece at a time, so that bytes after the end of the encoded data can be identified. */
export interface PieceInflater {
  /** Returns true while a piece is being processed; no other may be written then. */
  isBusy(): boolean;
  write(piece: Uint8Array): void;
  /** Returns true while output waits to be read. */
  hasOutput(): boolean;
  /** No more pieces follow. */
  end(): void;
  pause(): void;
  resume(): void;
  destroy(): void;
}

interface PieceInflaterNeeds {
  readonly coding: Coding;
  /** The first byte of the data. */
  readonly first: number;
  readonly onOutput: (piece: Uint8Array) => void;
  /** Called when a piece of this length has been processed. */
  readonly onUsed: (bytes: number) => void;
  /**
   * The encoded data is over.
   *
   * @param rest bytes of the current piece after the data, followed by `onUsed` for that piece; undefined between pieces
   */
  readonly onOver: (rest: Uint8Array | undefined) => void;
  readonly onError: (error: unknown) => void;
}

/** Opens an inflater; undefined if the data is not encoded, although its sender says so. */
export function openPieceInflater(needs: PieceInflaterNeeds): PieceInflater | undefined {
  const { coding, first, onOutput, onUsed, onOver, onError } = needs;
  const inflater = openInflater(coding, first);
  if (inflater === undefined) return undefined;
  let busyWith: Uint8Array | undefined;
  /** Bytes that the inflater had consumed before the current piece. */
  let bytesBefore = 0;

  function release(piece: Uint8Array): void {
    if (busyWith !== piece) return;
    busyWith = undefined;
    onUsed(piece.length);
  }

  inflater.on('data', onOutput);
  inflater.on('error', onError);
  inflater.on('end', () => {
    const piece = busyWith;
    if (piece === undefined) return onOver(undefined);
    const rest = piece.subarray(inflater.bytesWritten - bytesBefore);
    inflater.destroy();
    onOver(rest);
    release(piece);
  });

  return {
    isBusy: () => busyWith !== undefined,
    write(piece) {
      busyWith = piece;
      bytesBefore = inflater.bytesWritten;
      inflater.write(piece, () => release(piece));
    },
    hasOutput: () => inflater.readableLength > 0,
    end: () => void inflater.end(),
    pause: () => void inflater.pause(),
    resume: () => void inflater.resume(),
    destroy: () => void inflater.destroy(),
  };
}
