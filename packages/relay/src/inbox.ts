import type { Frame } from '@sluice/protocol';
import type { Origin } from './mailbox-reader.ts';

/**
 * Hands the frames of a mailbox to their requests, each exactly once and in order. Frames of an earlier run (epoch),
 * repeats, and frames of unknown requests are dropped; a missing frame is an error and is never skipped.
 */
export interface Inbox {
  subscribe(requestId: string, subscriber: Subscriber): Subscription;
  /** Never throws: a failing subscriber is its own problem. */
  deliver(frames: readonly Frame[], origin: Origin | undefined): void;
}

export interface Subscriber {
  onFrame(frame: Frame): void;
  /** A frame was lost on the way. No more frames of this epoch follow. */
  onGap(gap: { readonly expectedSeq: number; readonly gotSeq: number }): void;
  /** A worker answers whether it has the latest run: `holds` or `disclaims`. */
  onClaimKnown(frame: Frame): void;
}

export interface Subscription {
  /** From now on only frames of this epoch count, from this `seq`; default 0. */
  expect(epoch: number, seq?: number): void;
  /** The next frame's `seq`: so many frames of the run have come. */
  nextSeq(): number;
  close(): void;
}

/** The reason why a frame was not delivered. */
export type DropReason = 'unknown_request' | 'old_epoch' | 'repeated' | 'after_gap';

export interface InboxNeeds {
  /** Called for every frame that was not delivered, so that its sender can be stopped. */
  readonly onDropped: (frame: Frame, reason: DropReason, origin: Origin | undefined) => void;
  /** A frame was lost. */
  readonly onGap: () => void;
  /** Redis says that this request may run: not a matter of any run, hence of no epoch. */
  readonly onAdmitted: (requestId: string) => void;
  /** Redis says that this request has lost its place in the waiting room. */
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
    entry.subscriber.onFrame(frame);
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
