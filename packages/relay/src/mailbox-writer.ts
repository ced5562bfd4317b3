import type { Frame } from '@sluice/protocol';
import { deliverBatch, type DeliverNeeds } from './deliver-batch.ts';
import {
  acknowledge,
  createOutbox,
  empty,
  isCongested,
  type Outbox,
  put,
  release,
  releaseIfFree,
  takeBatch,
} from './outbox.ts';

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

export interface MailboxWriterNeeds extends DeliverNeeds {
  /** Called when the mailbox no longer exists: its process is gone, with every request it held. */
  readonly onGone: (destination: string) => void;
}

export function createMailboxWriter(needs: MailboxWriterNeeds): MailboxWriter {
  const outboxes = new Map<string, Outbox>();
  const due = new Set<string>();
  const idle: (() => void)[] = [];
  let isScheduled = false;
  let isClosed = false;
  const hasClosed = (): boolean => isClosed;

  function outboxOf(destination: string): Outbox {
    let outbox = outboxes.get(destination);
    if (outbox === undefined) {
      outbox = createOutbox();
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
      const frames = takeBatch(outbox);
      if (await deliverBatch(needs, { destination, frames, isClosed: hasClosed })) {
        acknowledge(outbox, frames);
      } else {
        empty(outbox);
        needs.onGone(destination);
      }
      releaseIfFree(outbox);
    }
    outbox.isSending = false;
    release(outbox);
    outboxes.delete(destination);
    if (outboxes.size === 0) for (const resolve of idle.splice(0)) resolve();
  }

  return {
    send(destination, frame) {
      if (isClosed) return 'queued';
      const outbox = outboxOf(destination);
      const done = put(outbox, frame);
      if (done === 'queued' && !outbox.isSending) schedule(destination);
      return done;
    },

    isCongested(destination) {
      const outbox = outboxes.get(destination);
      return outbox !== undefined && isCongested(outbox);
    },

    onceWritable(destination, callback) {
      const outbox = outboxes.get(destination);
      if (outbox === undefined) callback();
      else outbox.waiting.push(callback);
    },

    flushed: () => (outboxes.size === 0 ? Promise.resolve() : new Promise((resolve) => idle.push(resolve))),

    close() {
      isClosed = true;
      for (const outbox of outboxes.values()) outbox.queue.length = 0;
    },
  };
}
