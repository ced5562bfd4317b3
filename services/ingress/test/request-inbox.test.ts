import type { Frame } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';
import { createRequestInbox } from '../src/request-inbox.ts';

const origin = { processId: 'w', sentAt: 0 };
const frame = (over: Partial<Frame> = {}): Frame => ({
  requestId: 'r',
  epoch: 1,
  seq: 0,
  kind: 'data',
  data: 'x',
  ...over,
});

function setUp() {
  const told: string[] = [];
  const metered: string[] = [];
  const admitted: string[] = [];
  const errors: unknown[] = [];
  const heard: Frame[] = [];
  const inbox = createRequestInbox({
    writer: {
      send(destination, { kind, requestId, epoch }) {
        told.push(`${destination} ${kind} ${requestId}.${epoch}`);
        return 'queued';
      },
    },
    metrics: {
      relayDropped: (reason) => void metered.push(reason),
      relayGap: () => void metered.push('gap'),
    },
    admission: {
      wake: (requestId) => void admitted.push(`wake ${requestId}`),
      displace: (requestId) => void admitted.push(`displace ${requestId}`),
    },
    onError: (error) => errors.push(error),
  });
  const subscribe = (epoch: number) =>
    inbox
      .subscribe('r', {
        onFrame: (each) => heard.push(each),
        onGap: () => undefined,
        onClaimKnown: () => undefined,
      })
      .expect(epoch);
  return { inbox, told, metered, admitted, errors, heard, subscribe };
}

describe("an ingress's inbox", () => {
  it('passes the frames of a run to its request', () => {
    const { inbox, told, metered, heard, subscribe } = setUp();
    subscribe(1);
    inbox.deliver([frame()], origin);
    expect([heard, told, metered]).toEqual([[frame()], [], []]);
  });

  it.each(['started', 'answered', 'data', 'holds'] as const)(
    'tells the worker to stop a run whose request is over: `%s`',
    (kind) => {
      const { inbox, told, metered } = setUp();
      inbox.deliver([frame({ kind })], origin);
      expect([told, metered]).toEqual([['w cancel r.1'], ['unknown_request']]);
    },
  );

  it('tells the worker to stop a run that was replaced', () => {
    const { inbox, told, metered, subscribe } = setUp();
    subscribe(2);
    inbox.deliver([frame({ epoch: 1 })], origin);
    expect([told, metered]).toEqual([['w cancel r.1'], ['old_epoch']]);
  });

  it('tells the worker to stop a run with a missing frame', () => {
    const { inbox, told, metered, subscribe } = setUp();
    subscribe(1);
    inbox.deliver([frame({ seq: 1 }), frame({ seq: 2 })], origin);
    expect([told, metered]).toEqual([['w cancel r.1'], ['gap', 'after_gap']]);
  });

  it.each(['end', 'error', 'retry', 'disclaims'] as const)(
    'tells nothing to a worker whose run is over anyway: `%s`',
    (kind) => {
      const { inbox, told, metered } = setUp();
      inbox.deliver([frame({ kind })], origin);
      expect([told, metered]).toEqual([[], ['unknown_request']]);
    },
  );

  it('tells nothing to a worker that has sent a frame twice', () => {
    const { inbox, told, metered, heard, subscribe } = setUp();
    subscribe(1);
    inbox.deliver([frame(), frame()], origin);
    expect([told, metered, heard.length]).toEqual([[], ['repeated'], 1]);
  });

  it('drops a frame without a sender', () => {
    const { inbox, told, metered } = setUp();
    inbox.deliver([frame()], undefined);
    expect([told, metered]).toEqual([[], ['unknown_request']]);
  });

  it('passes the decisions of admission to the waiters', () => {
    const { inbox, admitted, metered } = setUp();
    inbox.deliver([frame({ kind: 'admitted' }), frame({ kind: 'displaced', requestId: 's' })], undefined);
    expect([admitted, metered]).toEqual([['wake r', 'displace s'], []]);
  });
});
