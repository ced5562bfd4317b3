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
  it('delivers in order and drops what comes twice', () => {
    const { inbox, got, dropped } = setUp();
    inbox.deliver([frame(0), frame(1), frame(0), frame(1), frame(2)], undefined);
    expect(got).toEqual(['0', '1', '2']);
    expect(dropped).toEqual(['repeated', 'repeated']);
  });

  it('reports a gap and delivers nothing of that run after it', () => {
    const { inbox, got, gaps, dropped } = setUp();
    inbox.deliver([frame(0), frame(2), frame(3)], undefined);
    expect(got).toEqual(['0']);
    expect(gaps).toEqual(['counted', { expectedSeq: 1, gotSeq: 2 }]);
    expect(dropped).toEqual(['after_gap']);
  });

  it('drops what an earlier run still sends', () => {
    const { inbox, subscription, got, dropped } = setUp();
    inbox.deliver([frame(0)], undefined);
    subscription.expect(2);
    inbox.deliver([frame(1), frame(0, { epoch: 2, data: 'new' }), frame(2)], undefined);
    expect(got).toEqual(['0', 'new']);
    expect(dropped).toEqual(['old_epoch', 'old_epoch']);
  });

  it('drops what nobody waits for', () => {
    const { inbox, subscription, got, dropped } = setUp();
    subscription.close();
    inbox.deliver([frame(0), frame(0, { requestId: 'other' })], undefined);
    expect(got).toEqual([]);
    expect(dropped).toEqual(['unknown_request', 'unknown_request']);
  });

  it('passes on that a request is admitted, before any run of it', () => {
    const { inbox, admitted, dropped } = setUp();
    inbox.deliver([frame(0, { kind: 'admitted', epoch: 0, requestId: 'waiter' })], undefined);
    expect(admitted).toEqual(['waiter']);
    expect(dropped).toEqual([]);
  });

  it('passes on that a request has lost its place in the waiting room', () => {
    const { inbox, admitted, displaced, dropped } = setUp();
    inbox.deliver([frame(0, { kind: 'displaced', epoch: 0, requestId: 'waiter' })], undefined);
    expect([displaced, admitted, dropped]).toEqual([['waiter'], [], []]);
  });

  it('passes on what workers say of the latest run, whatever frames have come, and counts only those', () => {
    const { inbox, subscription, got, claims, dropped } = setUp();
    inbox.deliver([frame(0), frame(0, { kind: 'holds' }), frame(1)], undefined);
    expect([got, claims, subscription.nextSeq()]).toEqual([['0', '1'], ['holds'], 2]);
    subscription.expect(2);
    inbox.deliver([frame(0, { kind: 'disclaims' }), frame(0, { kind: 'disclaims', epoch: 2 })], undefined);
    expect([claims, dropped]).toEqual([['holds', 'disclaims'], ['old_epoch']]);
  });

  it('takes up a run behind its first frames', () => {
    const { inbox, subscription, got, gaps } = setUp();
    subscription.expect(1, 1);
    inbox.deliver([frame(0), frame(1)], undefined);
    expect([got, gaps]).toEqual([['1'], []]);
  });

  it('goes on with the others when a subscriber throws', () => {
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

  it('delivers a gapless beginning of the run, each frame once, whatever the link does', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(12), { maxLength: 60 }), (arrivals) => {
        const { inbox, got, gaps } = setUp();
        inbox.deliver(
          arrivals.map((seq) => frame(seq)),
          undefined,
        );
        expect(got).toEqual(got.map((_data, seq) => `${seq}`));
        // Either it got all that came, or it said that something is missing.
        const isComplete = arrivals.every((seq) => seq < got.length);
        expect(gaps.length > 0).toBe(!isComplete);
      }),
    );
  });
});
