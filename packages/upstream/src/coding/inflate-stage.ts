import { createByteQueue } from './byte-queue.ts';
import type { Coding } from './content-codings.ts';
import { openPieceInflater, type PieceInflater } from './piece-inflater.ts';

/** Accepts bytes, including bytes that arrive while it is full. */
export interface ByteSink {
  write(piece: Uint8Array): void;
  /** No more bytes follow. @param isCut the sender did not finish: a missing end is not an error then */
  end(isCut: boolean): void;
}

/** Decodes one coding in the thread pool; the output of each piece is passed on at once. */
export interface InflateStage extends ByteSink {
  isFull(): boolean;
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
  const queue = createByteQueue(mostQueuedBytes);
  /** `plain`: the bytes are not encoded. `done`: the encoded data is over; bytes after it are dropped. */
  let state: PieceInflater | 'unopened' | 'plain' | 'done' = 'unopened';
  let end: { readonly isCut: boolean } | undefined;
  let isPaused = false;
  let isOver = false;

  function open(first: number): PieceInflater | 'plain' {
    const opened = openPieceInflater({ coding, first, onOutput, onUsed, onOver: onInflated, onError: fail });
    if (isPaused) opened?.pause();
    return opened ?? 'plain';
  }

  function onOutput(piece: Uint8Array): void {
    next.write(piece);
    resume();
  }

  function fail(error: unknown): void {
    if (!isOver) onError(error);
  }

  function onUsed(bytes: number): void {
    if (isOver) return;
    if (queue.release(bytes)) onDrain();
    resume();
  }

  function resume(): void {
    while (!isOver && !(typeof state === 'object' && state.isBusy())) {
      const piece = queue.peek();
      if (piece === undefined) return finish();
      if (state === 'unopened') state = open(piece[0] ?? 0);
      if (state === 'plain' && isPaused) return;
      queue.shift();
      if (typeof state === 'object') state.write(piece);
      else {
        if (state === 'plain') next.write(piece);
        if (queue.release(piece.length) && !isOver) onDrain();
      }
    }
  }

  function finish(): void {
    if (end === undefined) return;
    // A failing inflater discards its output: its end is requested only after all output has been read.
    if (typeof state === 'object' && state.hasOutput()) return;
    if (typeof state === 'object' && !end.isCut) state.end();
    else close(end.isCut);
  }

  function onInflated(rest: Uint8Array | undefined): void {
    if (isOver) return;
    if (rest === undefined) return close(end?.isCut ?? false);
    // Node stops at the end of a zstd frame; the next frame is part of the answer.
    state = coding === 'zstd' ? 'unopened' : 'done';
    queue.unshift(rest);
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
      resume();
    },
    end(isCut) {
      end ??= { isCut };
      resume();
    },
    isFull: () => queue.isFull() && !isOver,
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
