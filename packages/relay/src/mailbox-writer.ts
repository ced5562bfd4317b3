import { encodeFrame, type Frame } from '@sluice/protocol';
import type { RedisConnection } from '@sluice/redis';

/**
 * Writes frames into the mailboxes of other processes.
 *
 * All frames for one mailbox from one turn of the event loop leave in one XADD: measured, that costs Redis a sixth of
 * an XADD per frame and has the better tail latency. At most one XADD per mailbox is in flight; frames that arrive
 * meanwhile form the next batch. This preserves the order through reconnections and Cluster redirections, and batches
 * grow under load. A batch may still arrive twice (if its reply got lost): readers drop repeated frames by `seq`.
 */
export interface MailboxWriter {
  /**
   * Queues a frame. A `data` frame that follows a `data` frame of the same run in the same batch is joined to it: no
   * frame is added, and the given frame's `seq` stays free.
   */
  send(destination: string, frame: Frame): 'queued' | 'joined';
  /** Returns whether the bytes queued for this mailbox exceed the limit, so that its sources should pause. */
  isCongested(destination: string): boolean;
  /** Calls back once when the mailbox is no longer congested, or gone. */
  onceWritable(destination: string, callback: () => void): void;
  /** Resolves when everything sent so far is acknowledged or its mailbox is gone. */
  flushed(): Promise<void>;
  /** Drops the queued frames and stops. */
  close(): void;
}

export interface MailboxWriterNeeds {
  /** Connection of the `writer` role: it waits for an absent Redis. */
  readonly connection: RedisConnection;
  /** Id of the writing process. */
  readonly processId: string;
  readonly mailboxKey: (destination: string) => string;
  /** Called when the mailbox no longer exists: its process is gone, with every request it held. */
  readonly onGone: (destination: string) => void;
  readonly onError: (error: unknown) => void;
  /** Returns the time in ms since 1970. */
  readonly now: () => number;
}

/**
 * Maximum of kept entries when a reader stops trimming; a batch is one entry. At a batch per millisecond this is a
 * minute, twice the time that a client may stall. A trimmed unread entry causes a gap in `seq`.
 */
const maxEntries = 60_000;
const congestedAtBytes = 4 * 1024 * 1024;
const batchBytes = 1024 * 1024;
/** Time (ms) for which a batch that Redis refuses (out of memory, for example) is retried. */
const giveUpAfterMs = 10_000;
const retryDelayMs = 200;
/**
 * Maximum absence (ms) of a mailbox: a Redis that returns without its data has lost the mailbox, and a live process
 * recreates it at its next renewal (every second).
 */
const missingForMs = 2000;

interface Outbox {
  queue: MutableFrame[];
  /** Queued and in-flight UTF-16 units; close enough to bytes to judge congestion. */
  pendingBytes: number;
  isSending: boolean;
  waiting: (() => void)[];
}

type MutableFrame = { -readonly [Field in keyof Frame]: Frame[Field] };

export function createMailboxWriter(needs: MailboxWriterNeeds): MailboxWriter {
  const outboxes = new Map<string, Outbox>();
  const due = new Set<string>();
  const idle: (() => void)[] = [];
  let isScheduled = false;
  let isClosed = false;

  function outboxOf(destination: string): Outbox {
    let outbox = outboxes.get(destination);
    if (outbox === undefined) {
      outbox = { queue: [], pendingBytes: 0, isSending: false, waiting: [] };
      outboxes.set(destination, outbox);
    }
    return outbox;
  }

  function schedule(destination: string): void {
    due.add(destination);
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      const destinations = [...due];
      due.clear();
      for (const each of destinations) start(each);
    });
  }

  function start(destination: string): void {
    const outbox = outboxes.get(destination);
    if (outbox === undefined || outbox.isSending || outbox.queue.length === 0) return;
    outbox.isSending = true;
    void drain(destination, outbox);
  }

  async function drain(destination: string, outbox: Outbox): Promise<void> {
    while (outbox.queue.length > 0 && !isClosed) {
      const frames = takeBatch(outbox.queue);
      const isThere = await deliver(destination, frames);
      if (isThere) {
        for (const frame of frames) outbox.pendingBytes -= sizeOf(frame);
      } else {
        outbox.queue = [];
        outbox.pendingBytes = 0;
        needs.onGone(destination);
      }
      if (outbox.pendingBytes < congestedAtBytes / 2) release(outbox);
    }
    outbox.isSending = false;
    release(outbox);
    outboxes.delete(destination);
    if (outboxes.size === 0) for (const resolve of idle.splice(0)) resolve();
  }

  /** Returns false if the mailbox is gone, or Redis kept refusing the batch. */
  async function deliver(destination: string, frames: readonly Frame[]): Promise<boolean> {
    const startedAt = needs.now();
    let missingSince: number | undefined;
    const key = needs.mailboxKey(destination);
    const batch = frames.map(encodeFrame).join('');
    for (;;) {
      try {
        const origin = `${needs.processId} ${needs.now()}`;
        const id = await needs.connection.xadd(
          key,
          'NOMKSTREAM',
          'MAXLEN',
          '~',
          maxEntries,
          '*',
          'o',
          origin,
          'f',
          batch,
        );
        if (id !== null) return true;
        missingSince ??= needs.now();
        if (isClosed || needs.now() - missingSince > missingForMs) return false;
      } catch (error) {
        needs.onError(error);
        if (isClosed || needs.now() - startedAt > giveUpAfterMs) return false;
      }
      await new Promise((resolve) => setTimeout(resolve, retryDelayMs));
    }
  }

  return {
    send(destination, frame) {
      if (isClosed) return 'queued';
      const outbox = outboxOf(destination);
      const last = outbox.queue.at(-1);
      outbox.pendingBytes += frame.data.length;
      if (last !== undefined && isSameRunData(last, frame)) {
        last.data += frame.data;
        return 'joined';
      }
      outbox.pendingBytes += headBytes;
      outbox.queue.push({ ...frame });
      if (!outbox.isSending) schedule(destination);
      return 'queued';
    },

    isCongested: (destination) => (outboxes.get(destination)?.pendingBytes ?? 0) > congestedAtBytes,

    onceWritable(destination, callback) {
      const outbox = outboxes.get(destination);
      if (outbox === undefined) callback();
      else outbox.waiting.push(callback);
    },

    flushed: () => (outboxes.size === 0 ? Promise.resolve() : new Promise((resolve) => idle.push(resolve))),

    close() {
      isClosed = true;
      for (const outbox of outboxes.values()) outbox.queue = [];
    },
  };
}

const headBytes = 64;
const sizeOf = (frame: Frame): number => headBytes + frame.data.length;

function takeBatch(queue: MutableFrame[]): MutableFrame[] {
  let bytes = 0;
  let count = 0;
  for (const frame of queue) {
    if (count > 0 && bytes + sizeOf(frame) > batchBytes) break;
    bytes += sizeOf(frame);
    count++;
  }
  return queue.splice(0, count);
}

function isSameRunData(last: Frame, next: Frame): boolean {
  return next.kind === 'data' && last.kind === 'data' && last.requestId === next.requestId && last.epoch === next.epoch;
}

function release(outbox: Outbox): void {
  for (const callback of outbox.waiting.splice(0)) callback();
}
