import type { Frame } from '@sluice/protocol';
import { createInbox, type DropReason } from '@sluice/relay';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';

const frame = (seq: number, over: Partial<Frame> = {}): Frame => ({
  requestId: 'r',
  epoch: 1,
  seq,
  kind: 'data',
  data: `${seq}`,
  ...over,
});

function setUp() {
  const dropped: DropReason[] = [];
  const gaps: unknown[] = [];
  const got: string[] = [];
  const claims: string[] = [];
  const admitted: string[] = [];
  const displaced: string[] = [];
  const onError = vi.fn<(error: unknown) => void>();
  const inbox = createInbox({
    onDropped: (_frame, reason) => dropped.push(reason),
    onGap: () => gaps.push('counted'),
    onAdmitted: (requestId) => admitted.push(requestId),
    onDisplaced: (requestId) => displaced.push(requestId),
    onError,
  });
  const subscription = inbox.subscribe('r', {
    onFrame: ({ data }) => got.push(data),
    onGap: (gap) => gaps.push(gap),
    onClaimKnown: ({ kind }) => claims.push(kind),
  });
  subscription.expect(1);
  return { inbox, subscription, dropped, gaps, got, claims, admitted, displaced, onError };
}

describe('createInbox', () => {
  it('delivers in order and drops repeated frames', () => {
    const { inbox, got, dropped } = setUp();
    inbox.deliver([frame(0), frame(1), frame(0), frame(1), frame(2)], undefined);
    expect(got).toEqual(['0', '1', '2']);
    expect(dropped).toEqual(['repeated', 'repeated']);
  });

  it('reports a gap and delivers no later frame of that run', () => {
    const { inbox, got, gaps, dropped } = setUp();
    inbox.deliver([frame(0), frame(2), frame(3)], undefined);
    expect(got).toEqual(['0']);
    expect(gaps).toEqual(['counted', { expectedSeq: 1, gotSeq: 2 }]);
    expect(dropped).toEqual(['after_gap']);
  });

  it('drops late frames of an earlier run', () => {
    const { inbox, subscription, got, dropped } = setUp();
    inbox.deliver([frame(0)], undefined);
    subscription.expect(2);
    inbox.deliver([frame(1), frame(0, { epoch: 2, data: 'new' }), frame(2)], undefined);
    expect(got).toEqual(['0', 'new']);
    expect(dropped).toEqual(['old_epoch', 'old_epoch']);
  });

  it('drops frames without a subscriber', () => {
    const { inbox, subscription, got, dropped } = setUp();
    subscription.close();
    inbox.deliver([frame(0), frame(0, { requestId: 'other' })], undefined);
    expect(got).toEqual([]);
    expect(dropped).toEqual(['unknown_request', 'unknown_request']);
  });

  it('passes on an admission before any run', () => {
    const { inbox, admitted, dropped } = setUp();
    inbox.deliver([frame(0, { kind: 'admitted', epoch: 0, requestId: 'waiter' })], undefined);
    expect(admitted).toEqual(['waiter']);
    expect(dropped).toEqual([]);
  });

  it('passes on a displacement from the waiting room', () => {
    const { inbox, admitted, displaced, dropped } = setUp();
    inbox.deliver([frame(0, { kind: 'displaced', epoch: 0, requestId: 'waiter' })], undefined);
    expect([displaced, admitted, dropped]).toEqual([['waiter'], [], []]);
  });

  it('passes on the claims of workers for the latest epoch at any time, and does not count them as frames', () => {
    const { inbox, subscription, got, claims, dropped } = setUp();
    inbox.deliver([frame(0), frame(0, { kind: 'holds' }), frame(1)], undefined);
    expect([got, claims, subscription.nextSeq()]).toEqual([['0', '1'], ['holds'], 2]);
    subscription.expect(2);
    inbox.deliver([frame(0, { kind: 'disclaims' }), frame(0, { kind: 'disclaims', epoch: 2 })], undefined);
    expect([claims, dropped]).toEqual([['holds', 'disclaims'], ['old_epoch']]);
  });

  it('joins a run after its first frames', () => {
    const { inbox, subscription, got, gaps } = setUp();
    subscription.expect(1, 1);
    inbox.deliver([frame(0), frame(1)], undefined);
    expect([got, gaps]).toEqual([['1'], []]);
  });

  it('delivers to the other subscribers when one throws', () => {
    const { inbox, got, onError } = setUp();
    const broken = inbox.subscribe('broken', {
      onFrame() {
        throw new Error('boom');
      },
      onGap: () => undefined,
      onClaimKnown: () => undefined,
    });
    broken.expect(1);
    inbox.deliver([frame(0, { requestId: 'broken' }), frame(0)], undefined);
    expect(onError).toHaveBeenCalledOnce();
    expect(got).toEqual(['0']);
  });

  it('delivers the start of the run without gaps, each frame once, over any link', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(12), { maxLength: 60 }), (arrivals) => {
        const { inbox, got, gaps } = setUp();
        inbox.deliver(
          arrivals.map((seq) => frame(seq)),
          undefined,
        );
        expect(got).toEqual(got.map((_data, seq) => `${seq}`));
        // The subscriber got every frame, or it was notified of a gap.
        const isComplete = arrivals.every((seq) => seq < got.length);
        expect(gaps.length > 0).toBe(!isComplete);
      }),
    );
  });
});
