import type { Transform } from 'node:stream';
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from 'node:zlib';
import type { Coding } from './content-codings.ts';

/** Accepts bytes, including bytes that arrive while it is full. */
export interface ByteSink {
  write(piece: Uint8Array): void;
  /** No more bytes follow. @param isCut the sender did not finish: a missing end is not an error then */
  end(isCut: boolean): void;
}

/** Decodes one coding in the thread pool; the output of each piece is passed on at once. */
export interface InflateStage extends ByteSink {
  readonly isFull: boolean;
  pause(): void;
  resume(): void;
  destroy(): void;
}

export interface InflateStageNeeds {
  readonly coding: Coding;
  readonly next: ByteSink;
  /** Called at most once; no other callback follows. */
  readonly onError: (error: unknown) => void;
  /** Called when the stage was full and can take more. */
  readonly onDrain: () => void;
}

/** Maximum number of bytes queued ahead of the decoder. */
const mostQueuedBytes = 64 * 1024;

export function createInflateStage({ coding, next, onError, onDrain }: InflateStageNeeds): InflateStage {
  const queue: Uint8Array[] = [];
  let queuedBytes = 0;
  /** `plain`: the bytes are not encoded. `done`: the encoded data is over; bytes after it are dropped. */
  let state: Inflater | 'unopened' | 'plain' | 'done' = 'unopened';
  /** The piece that the inflater is processing, and the byte count before it. */
  let busyWith: Uint8Array | undefined;
  let bytesBefore = 0;
  let end: { readonly isCut: boolean } | undefined;
  let isPaused = false;
  let isOver = false;

  function open(first: number): Inflater | 'plain' {
    const opened = openInflater(coding, first);
    if (opened === undefined) return 'plain';
    opened.on('data', (piece: Uint8Array) => {
      next.write(piece);
      resume();
    });
    opened.on('end', () => onInflated(opened));
    opened.on('error', (error) => {
      if (!isOver) onError(error);
    });
    if (isPaused) opened.pause();
    return opened;
  }

  /** Passes on one piece at a time, so that bytes after the end of the encoded data can be identified. */
  function resume(): void {
    while (!isOver && busyWith === undefined) {
      const [piece] = queue;
      if (piece === undefined) return finish();
      if (state === 'unopened') state = open(piece[0] ?? 0);
      if (state === 'plain' && isPaused) return;
      queue.shift();
      if (state === 'plain') next.write(piece);
      if (state === 'plain' || state === 'done') {
        count(-piece.length);
        continue;
      }
      busyWith = piece;
      bytesBefore = state.bytesWritten;
      state.write(piece, () => release(piece));
    }
  }

  function release(piece: Uint8Array): void {
    if (isOver || busyWith !== piece) return;
    busyWith = undefined;
    count(-piece.length);
    resume();
  }

  function count(bytes: number): void {
    const wasFull = queuedBytes > mostQueuedBytes;
    queuedBytes += bytes;
    if (wasFull && queuedBytes <= mostQueuedBytes && !isOver) onDrain();
  }

  function finish(): void {
    if (end === undefined) return;
    if (typeof state === 'string') return close(end.isCut);
    // A failing inflater discards its output: its end is requested only after all output has been read.
    if (state.readableLength > 0) return;
    if (end.isCut) close(true);
    else state.end();
  }

  function onInflated(ended: Inflater): void {
    if (isOver) return;
    const piece = busyWith;
    if (piece === undefined) return close(end?.isCut ?? false);
    const rest = piece.subarray(ended.bytesWritten - bytesBefore);
    // Node stops at the end of a zstd frame; the next frame is part of the answer.
    state = coding === 'zstd' ? 'unopened' : 'done';
    ended.destroy();
    queue.unshift(rest);
    count(rest.length);
    release(piece);
  }

  function close(isCut: boolean): void {
    if (isOver) return;
    isOver = true;
    next.end(isCut);
  }

  return {
    write(piece) {
      if (isOver || piece.length === 0) return;
      queue.push(piece);
      count(piece.length);
      resume();
    },
    end(isCut) {
      end ??= { isCut };
      resume();
    },
    get isFull() {
      return queuedBytes > mostQueuedBytes && !isOver;
    },
    pause() {
      isPaused = true;
      if (typeof state === 'object') state.pause();
    },
    resume() {
      isPaused = false;
      if (typeof state === 'object') state.resume();
      resume();
    },
    destroy() {
      isOver = true;
      if (typeof state === 'object') state.destroy();
    },
  };
}

type Inflater = Transform & { readonly bytesWritten: number };

/** Memory limit of RFC 9659 for senders: 8 MiB. */
const zstdParams = { [constants.ZSTD_d_windowLogMax]: 23 };

/**
 * Opens the decoder of a coding. Undefined if the first byte does not fit the coding: some servers declare a
 * compression without applying it. (Brotli and raw deflate have no fixed first bytes.)
 */
function openInflater(coding: Coding, first: number): Inflater | undefined {
  switch (coding) {
    case 'gzip':
      return first === 0x1f ? createGunzip() : undefined;
    case 'deflate':
      // With zlib's header, as in the standard, or without it, as in old servers.
      return (first & 0x0f) === 8 ? createInflate() : createInflateRaw();
    case 'br':
      return createBrotliDecompress();
    case 'zstd':
      // A zstd frame, or a skippable frame.
      return first === 0x28 || (first & 0xf0) === 0x50 ? createZstdDecompress({ params: zstdParams }) : undefined;
  }
}
