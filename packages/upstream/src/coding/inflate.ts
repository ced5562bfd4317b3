import type { UpstreamFailure } from '@sluice/protocol';
import type { Coding } from './content-codings.ts';
import { type ByteSink, createInflateStage, type InflateStage } from './inflate-stage.ts';

/** Decodes the codings of one body. */
export type Inflate = InflateStage;

export interface InflateNeeds {
  /** Codings in the order of decoding; at least one. */
  readonly codings: readonly Coding[];
  readonly next: ByteSink;
  /** Called at most once; no other callback follows. */
  readonly onFailure: (failure: UpstreamFailure) => void;
  readonly onDrain: () => void;
}

/** Size up to which every body may grow. A larger body with a ratio above `mostRatio` is a decompression bomb. */
const freeBytes = 16 * 1024 * 1024;
/** Maximum ratio: deflate makes at most 1032 bytes of one; model output compresses 3- to 30-fold. */
const mostRatio = 1000;

export function createInflate({ codings, next, onFailure, onDrain }: InflateNeeds): Inflate {
  let wireBytes = 0;
  let isOver = false;
  const stages: InflateStage[] = [];

  function fail(failure: UpstreamFailure): void {
    if (isOver) return;
    destroy();
    onFailure(failure);
  }

  function destroy(): void {
    isOver = true;
    for (const stage of stages) stage.destroy();
  }

  /** Passes bytes on to the next stage or the reader, within the limit for the bytes received so far. */
  function bounded(to: ByteSink, afterWrite: () => void): ByteSink {
    let bytes = 0;
    return {
      write(piece) {
        bytes += piece.length;
        if (bytes > freeBytes + mostRatio * wireBytes) return fail(tooLarge);
        to.write(piece);
        afterWrite();
      },
      end: (isCut) => to.end(isCut),
    };
  }

  // The last stage is created first: each stage needs the next one.
  for (const coding of codings.toReversed()) {
    const following = stages[0];
    const stage: InflateStage = createInflateStage({
      coding,
      next: bounded(following ?? next, () => {
        if (following?.isFull() === true) stage.pause();
      }),
      onError: (error) => fail(failureOf(error, coding)),
      onDrain: () => {
        const before = stages[stages.indexOf(stage) - 1];
        if (before === undefined) onDrain();
        else before.resume();
      },
    });
    stages.unshift(stage);
  }
  const first = stages[0];
  const last = stages.at(-1);

  return {
    write(piece) {
      wireBytes += piece.length;
      first?.write(piece);
    },
    end: (isCut) => first?.end(isCut),
    isFull: () => first?.isFull() ?? false,
    pause: () => last?.pause(),
    resume: () => last?.resume(),
    destroy,
  };
}

const tooLarge: UpstreamFailure = {
  kind: 'malformed',
  message: "The provider's answer is too large after decompression.",
};

function failureOf(error: unknown, coding: Coding): UpstreamFailure {
  const isCut = error instanceof Error && 'code' in error && error.code === 'Z_BUF_ERROR';
  if (isCut) return { kind: 'truncated', message: "The provider's answer ended before its compressed data did." };
  return {
    kind: 'malformed',
    message: `The provider's answer is not valid ${coding}, although its headers declare it.`,
  };
}

/** Number of pieces into which a body is split, so that little is lost before an error in it. */
const slices = 256;

/**
 * Inflates the readable start of a body, up to a size and to its first error. Undefined if nothing is readable.
 */
export function inflateLeniently(
  body: Uint8Array,
  codings: readonly Coding[],
  mostBytes: number,
): Promise<Buffer | undefined> {
  const { promise, resolve } = Promise.withResolvers<Buffer | undefined>();
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  const finish = (): void => {
    inflate.destroy();
    resolve(bytes === 0 ? undefined : Buffer.concat(pieces));
  };
  const inflate = createInflate({
    codings,
    next: {
      write(piece) {
        pieces.push(piece);
        bytes += piece.length;
        if (bytes >= mostBytes) finish();
      },
      end: finish,
    },
    onFailure: finish,
    onDrain: () => undefined,
  });
  const length = Math.max(1, Math.ceil(body.length / slices));
  for (let at = 0; at < body.length; at += length) inflate.write(body.subarray(at, at + length));
  inflate.end(true);
  return promise;
}
