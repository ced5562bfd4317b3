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

/** Takes bytes; it still takes those that come while it is full. */
export interface ByteSink {
  write(piece: Uint8Array): void;
  /** No more bytes come. @param isCut the sender did not finish: what is missing at the end is no error then */
  end(isCut: boolean): void;
}

/** Undoes one coding. Works in the thread pool; what it makes of a piece is handed on at once. */
export interface InflateStage extends ByteSink {
  readonly isFull: boolean;
  pause(): void;
  resume(): void;
  destroy(): void;
}

export interface InflateStageNeeds {
  readonly coding: Coding;
  readonly next: ByteSink;
  /** Called at most once; nothing follows. */
  readonly onError: (error: unknown) => void;
  /** It was full and can take more. */
  readonly onDrain: () => void;
}

/** Takes no more than this ahead of its work. */
const mostQueuedBytes = 64 * 1024;

export function createInflateStage({ coding, next, onError, onDrain }: InflateStageNeeds): InflateStage {
  const queue: Uint8Array[] = [];
  let queuedBytes = 0;
  /** `plain`: the bytes are not coded. `done`: the coded data is over; bytes after it are dropped. */
  let state: Inflater | 'unopened' | 'plain' | 'done' = 'unopened';
  /** The piece that the inflater has, and how much it had taken before. */
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
      goOn();
    });
    opened.on('end', () => onInflated(opened));
    opened.on('error', (error) => {
      if (!isOver) onError(error);
    });
    if (isPaused) opened.pause();
    return opened;
  }

  /** Hands on one piece at a time, so that it is known which bytes came behind the end of the coded data. */
  function goOn(): void {
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
    goOn();
  }

  function count(bytes: number): void {
    const wasFull = queuedBytes > mostQueuedBytes;
    queuedBytes += bytes;
    if (wasFull && queuedBytes <= mostQueuedBytes && !isOver) onDrain();
  }

  function finish(): void {
    if (end === undefined) return;
    if (typeof state === 'string') return close(end.isCut);
    // An inflater that fails forgets what it has made so far: it is asked for its verdict when all of that is read.
    if (state.readableLength > 0) return;
    if (end.isCut) close(true);
    else state.end();
  }

  function onInflated(ended: Inflater): void {
    if (isOver) return;
    const piece = busyWith;
    if (piece === undefined) return close(end?.isCut ?? false);
    const rest = piece.subarray(ended.bytesWritten - bytesBefore);
    // Node stops at the end of a frame of zstd; the next frame is part of the answer.
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
      goOn();
    },
    end(isCut) {
      end ??= { isCut };
      goOn();
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
      goOn();
    },
    destroy() {
      isOver = true;
      if (typeof state === 'object') state.destroy();
    },
  };
}

type Inflater = Transform & { readonly bytesWritten: number };

/** No more memory than RFC 9659 allows a sender to ask for: 8 MiB. */
const zstdParams = { [constants.ZSTD_d_windowLogMax]: 23 };

/**
 * Undefined where the body does not begin as its coding does: some servers say that they compress and don't. (Brotli
 * and raw deflate have no beginning of their own.)
 */
function openInflater(coding: Coding, first: number): Inflater | undefined {
  switch (coding) {
    case 'gzip':
      return first === 0x1f ? createGunzip() : undefined;
    case 'deflate':
      // With zlib's header, as the standard says, or without, as old servers do.
      return (first & 0x0f) === 8 ? createInflate() : createInflateRaw();
    case 'br':
      return createBrotliDecompress();
    case 'zstd':
      // A frame, or one to be skipped.
      return first === 0x28 || (first & 0xf0) === 0x50 ? createZstdDecompress({ params: zstdParams }) : undefined;
  }
}
