import type { End } from '@sluice/protocol';
import { GatewayError } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';
import { createDelivery } from '../../src/inference/delivery.ts';
import type { Reply } from '../../src/inference/reply/reply.ts';
import { fakeObservation } from './fakes.ts';

const end: End = { events: 2, burntTokens: 0 };
const answered = { upstream: 'u', model: 'm', attempts: 3 };
const error = new GatewayError('upstream_error');

function setUp(over: Partial<Reply> = {}) {
  const written: string[] = [];
  const headers: Record<string, unknown> = {};
  const faults: unknown[] = [];
  const { observation, seen } = fakeObservation();
  const reply: Reply = {
    onData: (text) => void written.push(text),
    onEnd: () => void written.push('end'),
    onError: ({ code }) => {
      written.push(code);
      return true;
    },
    close: () => void written.push('closed'),
    ...over,
  };
  const response = {
    headersSent: false,
    setHeader(name: string, value: unknown) {
      headers[name] = value;
      return response as never;
    },
  };
  const delivery = createDelivery({
    response,
    observation,
    reply,
    sentAt: () => undefined,
    onInternal: (cause) => faults.push(cause),
  });
  return { delivery, listener: delivery.listener, written, headers, faults, seen };
}

describe('a delivery', () => {
  it('writes the answer, and is complete with the usage of its end', async () => {
    const { delivery, listener, written, seen } = setUp();
    listener.onStarted('w');
    listener.onAnswered(answered);
    listener.onData('a');
    listener.onEnd(end);
    await delivery.replied;
    expect(written).toEqual(['a', 'end']);
    expect(seen).toEqual(['started', 'answered u', 'data', 'complete 2']);
    expect(delivery.consumption({ attempts: 9, events: 9 })).toEqual({ kind: 'complete', end, attempts: 3 });
  });

  it('counts one attempt for an answer whose attempts were not reported', () => {
    const { delivery, listener } = setUp();
    listener.onEnd(end);
    expect(delivery.consumption({ attempts: 0, events: 0 })).toMatchObject({ attempts: 1 });
  });

  it('resolves once a client that has part of the answer gets the error', async () => {
    const { delivery, listener, written, headers, seen } = setUp();
    listener.onError(error, { attempts: 2, events: 1 });
    await delivery.replied;
    expect([written, headers]).toEqual([['upstream_error'], {}]);
    expect(seen).toEqual(['failed upstream_error 200 2']);
    expect(delivery.consumption({ attempts: 2, events: 1 })).toEqual({
      kind: 'failed',
      facts: { attempts: 2, events: 1 },
    });
  });

  it.each([
    [0, {}],
    [2, { 'x-sluice-attempts': 2 }],
  ])('rejects with the error when nothing was sent, after %d attempts', async (attempts, headers) => {
    const { delivery, listener, seen, ...rest } = setUp({ onError: () => false });
    listener.onError(error, { attempts, events: 0 });
    await expect(delivery.replied).rejects.toBe(error);
    expect(seen).toEqual([`failed upstream_error 502 ${attempts}`]);
    expect(rest.headers).toEqual(headers);
  });

  it('sends the client an internal error if the end cannot be written', async () => {
    const fault = new RangeError('too large');
    const { delivery, listener, written, faults, seen } = setUp({
      onEnd() {
        throw fault;
      },
    });
    listener.onAnswered(answered);
    listener.onEnd(end);
    await delivery.replied;
    expect([written, faults]).toEqual([['internal_error'], [fault]]);
    expect(seen.at(-1)).toBe('failed internal_error 200 3');
    // The provider has counted the tokens, so the client is charged for the answer.
    expect(delivery.consumption({ attempts: 0, events: 0 }).kind).toBe('complete');
  });

  it('rejects with the error if the error cannot be written', async () => {
    const fault = new Error('boom');
    const { delivery, listener, faults } = setUp({
      onError() {
        throw fault;
      },
    });
    listener.onError(error, { attempts: 0, events: 0 });
    await expect(delivery.replied).rejects.toBe(error);
    expect(faults).toEqual([fault]);
  });

  it('ends when its client leaves', async () => {
    const { delivery, written, seen } = setUp();
    delivery.clientLeft();
    await delivery.replied;
    expect([written, seen]).toEqual([['closed'], ['cancelled']]);
  });

  it('records that its client was too slow', () => {
    const { delivery, listener, seen } = setUp();
    delivery.clientCut();
    listener.onAnswered(answered);
    delivery.clientCut();
    expect(seen).toEqual(['failed client_too_slow 200 0', 'answered u', 'failed client_too_slow 200 3']);
  });
});
