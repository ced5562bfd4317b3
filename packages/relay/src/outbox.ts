import type { Frame } from '@sluice/protocol';

/** The frames for one mailbox that are not acknowledged yet. */
export interface Outbox {
  readonly queue: MutableFrame[];
  /** Queued and in-flight UTF-16 units; close enough to bytes to judge congestion. */
  pendingBytes: number;
  isSending: boolean;
  /** Sources that wait until the mailbox takes more. */
  readonly waiting: (() => void)[];
}

type MutableFrame = { -readonly [Field in keyof Frame]: Frame[Field] };

const congestedAtBytes = 4 * 1024 * 1024;
const batchBytes = 1024 * 1024;
const headBytes = 64;
const sizeOf = (frame: Frame): number => headBytes + frame.data.length;

export const createOutbox = (): Outbox => ({ queue: [], pendingBytes: 0, isSending: false, waiting: [] });

/** Queues a frame, or joins it to the last one if both are data of the same run. */
export function put(outbox: Outbox, frame: Frame): 'queued' | 'joined' {
  const last = outbox.queue.at(-1);
  outbox.pendingBytes += frame.data.length;
  if (last !== undefined && isSameRunData(last, frame)) {
    last.data += frame.data;
    return 'joined';
  }
  outbox.pendingBytes += headBytes;
  outbox.queue.push({ ...frame });
  return 'queued';
}

function isSameRunData(last: Frame, next: Frame): boolean {
  return next.kind === 'data' && last.kind === 'data' && last.requestId === next.requestId && last.epoch === next.epoch;
}

/** Takes the frames of the next batch. They stay pending until `acknowledge`. */
export function takeBatch({ queue }: Outbox): readonly Frame[] {
  let bytes = 0;
  let count = 0;
  for (const frame of queue) {
    if (count > 0 && bytes + sizeOf(frame) > batchBytes) break;
    bytes += sizeOf(frame);
    count++;
  }
  return queue.splice(0, count);
}

/** Notes that a batch has arrived. */
export function acknowledge(outbox: Outbox, batch: readonly Frame[]): void {
  for (const frame of batch) outbox.pendingBytes -= sizeOf(frame);
}

/** Drops everything: the mailbox is gone. */
export function empty(outbox: Outbox): void {
  outbox.queue.length = 0;
  outbox.pendingBytes = 0;
}

export const isCongested = ({ pendingBytes }: Outbox): boolean => pendingBytes > congestedAtBytes;

/** Lets the waiting sources continue once half of the limit is free. */
export function releaseIfFree(outbox: Outbox): void {
  if (outbox.pendingBytes < congestedAtBytes / 2) release(outbox);
}

/** Lets all waiting sources continue. */
export function release(outbox: Outbox): void {
  for (const callback of outbox.waiting.splice(0)) callback();
}
