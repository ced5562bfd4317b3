import type { Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { type ChaosDirection, type ChaosMode, isBlackhole } from './chaos-mode.ts';

/** One direction of a connection. */
export interface ChaosPipeNeeds {
  readonly source: Socket;
  readonly sink: Socket;
  readonly direction: ChaosDirection;
  /** Returns the current mode. */
  readonly mode: () => ChaosMode;
  /** Returns a number from 0 to below 1, for jitter. */
  readonly random: () => number;
  /** Resolves when the sink can be written to; until then all data is kept. */
  readonly sinkReady: Promise<void>;
  readonly isSinkReady: () => boolean;
}

/** Limit of bytes in flight; above it the source is not read. */
const inFlightBytes = 1024 * 1024;

interface Parcel {
  /** Undefined for the end of the stream. */
  readonly data: Buffer | undefined;
  readonly dueAt: number;
  readonly sliceBytes: number;
}

/** Moves the bytes, the end and the reset of a connection in one direction, by the mode at their arrival. */
export function chaosPipe({ source, sink, direction, mode, random, sinkReady, isSinkReady }: ChaosPipeNeeds): void {
  const parcels: Parcel[] = [];
  let queuedBytes = 0;
  let isMoving = false;
  let isDead = false;

  /** Returns whether data that arrives now is lost. */
  function isLost(): boolean {
    isDead ||= isSinkReady() && isBlackhole(mode(), direction);
    return isDead;
  }

  function accept(data: Buffer | undefined): void {
    if (isLost()) return;
    const now = mode();
    const delayMs = now.kind === 'latency' ? now.ms + random() * (now.jitterMs ?? 0) : 0;
    const dueAt = performance.now() + delayMs;
    parcels.push({ data, dueAt, sliceBytes: now.kind === 'slice' ? now.bytes : Infinity });
    queuedBytes += data?.length ?? 0;
    if (queuedBytes > inFlightBytes) source.pause();
    if (!isMoving) void move();
  }

  /** Moves one parcel after the other, so that a short delay does not overtake a long one. */
  async function move(): Promise<void> {
    isMoving = true;
    await sinkReady;
    for (let parcel = parcels.shift(); parcel !== undefined; parcel = parcels.shift()) {
      const waitMs = parcel.dueAt - performance.now();
      if (waitMs > 0) await delay(waitMs);
      if (parcel.data === undefined) sink.end();
      else await deliver(parcel.data, parcel.sliceBytes);
      queuedBytes -= parcel.data?.length ?? 0;
      if (queuedBytes <= inFlightBytes) source.resume();
    }
    isMoving = false;
  }

  async function deliver(data: Buffer, sliceBytes: number): Promise<void> {
    for (let at = 0; at < data.length; at += sliceBytes) {
      // A reader in this process sees each slice before the next arrives.
      if (sliceBytes < data.length) await nextTurn();
      await write(data.subarray(at, at + sliceBytes));
    }
  }

  function write(data: Buffer): Promise<void> {
    return new Promise((resolve) => {
      if (sink.writable) sink.write(data, () => resolve());
      else resolve();
    });
  }

  source.on('data', accept);
  source.on('end', () => accept(undefined));
  source.on('close', (hadError) => {
    if (hadError && !isLost()) sink.resetAndDestroy();
  });
}
