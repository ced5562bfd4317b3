import type { Frame } from '@sluice/protocol';
import type { Origin } from './read-entries.ts';

/**
 * Delivers the frames of a mailbox to their requests, each exactly once and in order. Drops frames of an earlier run
 * (epoch), repeated frames, and frames of unknown requests. A missing frame is an error and is never skipped.
 */
export interface Inbox {
  subscribe(requestId: string, subscriber: Subscriber): Subscription;
  /** Never throws: a subscriber's error goes to `onError`. */
  deliver(frames: readonly Frame[], origin: Origin | undefined): void;
}

export interface Subscriber {
  /** `origin` is absent if a script wrote the batch of the frame. */
  onFrame(frame: Frame, origin: Origin | undefined): void;
  /** Called when a frame was lost. No more frames of this epoch follow. */
  onGap(gap: { readonly expectedSeq: number; readonly gotSeq: number }): void;
  /** Called with a worker's answer to a probe: it holds the claim of the latest run, or disclaims it. */
  onClaimKnown(frame: Frame): void;
}

export interface Subscription {
  /** From now on accepts only frames of this epoch, starting at this `seq`; default 0. */
  expect(epoch: number, seq?: number): void;
  /** Returns the `seq` of the next frame, which equals the number of received frames of the run. */
  nextSeq(): number;
  close(): void;
}

/** Reason for which a frame was not delivered. */
export type DropReason = 'unknown_request' | 'old_epoch' | 'repeated' | 'after_gap';

export interface InboxNeeds {
  /** Called for every undelivered frame, so that its sender can be stopped. */
  readonly onDropped: (frame: Frame, reason: DropReason, origin: Origin | undefined) => void;
  /** Called when a frame was lost. */
  readonly onGap: () => void;
  /** Called when Redis admits this request; an admission precedes every run, so it has no epoch. */
  readonly onAdmitted: (requestId: string) => void;
  /** Called when Redis has displaced this request from the waiting room. */
  readonly onDisplaced: (requestId: string) => void;
  readonly onError: (error: unknown) => void;
}

interface Entry {
  readonly subscriber: Subscriber;
  epoch: number;
  nextSeq: number;
  isBroken: boolean;
}

export function createInbox({ onDropped, onGap, onAdmitted, onDisplaced, onError }: InboxNeeds): Inbox {
  const entries = new Map<string, Entry>();

  function deliverOne(frame: Frame, origin: Origin | undefined): void {
    if (frame.kind === 'admitted') return onAdmitted(frame.requestId);
    if (frame.kind === 'displaced') return onDisplaced(frame.requestId);
    const entry = entries.get(frame.requestId);
    if (entry === undefined) return onDropped(frame, 'unknown_request', origin);
    if (frame.epoch !== entry.epoch) return onDropped(frame, 'old_epoch', origin);
    if (frame.kind === 'holds' || frame.kind === 'disclaims') return entry.subscriber.onClaimKnown(frame);
    if (entry.isBroken) return onDropped(frame, 'after_gap', origin);
    if (frame.seq < entry.nextSeq) return onDropped(frame, 'repeated', origin);
    if (frame.seq > entry.nextSeq) {
      entry.isBroken = true;
      onGap();
      return entry.subscriber.onGap({ expectedSeq: entry.nextSeq, gotSeq: frame.seq });
    }
    entry.nextSeq++;
    entry.subscriber.onFrame(frame, origin);
  }

  return {
    subscribe(requestId, subscriber) {
      const entry: Entry = { subscriber, epoch: 0, nextSeq: 0, isBroken: false };
      entries.set(requestId, entry);
      return {
        expect(epoch, seq = 0) {
          entry.epoch = epoch;
          entry.nextSeq = seq;
          entry.isBroken = false;
        },
        nextSeq: () => entry.nextSeq,
        close() {
          if (entries.get(requestId) === entry) entries.delete(requestId);
        },
      };
    },

    deliver(frames, origin) {
      for (const frame of frames) {
        try {
          deliverOne(frame, origin);
        } catch (error) {
          onError(error);
        }
      }
    },
  };
}
