import type { Lease } from '@sluice/admission';
import { describe, expect, it, vi } from 'vitest';
import type { RequestAccounting } from '../../src/inference/accounting/accounting.ts';
import type { Reservation } from '../../src/inference/reservation.ts';
import { type Consumption, settle } from '../../src/inference/settle.ts';

const usage = (total: number) => ({ prompt_tokens: total - 20, completion_tokens: 20, total_tokens: total });
const complete = (total?: number, attempts = 1): Consumption => ({
  kind: 'complete',
  end: { events: 22, burntTokens: 0, ...(total === undefined ? {} : { usage: usage(total) }) },
  attempts,
});
const failed = (attempts: number, events: number): Consumption => ({ kind: 'failed', facts: { attempts, events } });

function charge(reservation: Reservation, consumption: Consumption) {
  const release = vi.fn<(correction: { requests: number; tokens: number }) => void>();
  settle({
    lease: { release },
    reservation,
    consumption,
    ending: { outcome: 'complete', status: 200 },
    course: () => ({}),
  });
  expect(release).toHaveBeenCalledOnce();
  const { requests = NaN, tokens = NaN } = release.mock.calls[0]?.[0] ?? {};
  return { requests, tokens: tokens + reservation.total };
}

describe('settle', () => {
  const chat: Reservation = { total: 300, prompt: 50, answer: 0, isPaidPerAttempt: false };

  it.each<[string, Consumption, number]>([
    ["the provider's own count", complete(60), 60],
    ['prompt and events without such a count', complete(), 72],
    ['nothing for a failure before the first attempt', failed(0, 0), 0],
    ['the prompt for a failure before the first token', failed(1, 0), 50],
    ['the prompt once, however often it was sent', failed(5, 0), 50],
    ['the delivered part of a broken answer', failed(1, 7), 57],
    ['the part that was delivered before the failed attempt', failed(0, 7), 57],
  ])('charges %s', (_what, consumption, tokens) => {
    expect(charge(chat, consumption)).toEqual({ requests: 0, tokens });
  });

  it.each([
    [1_000_000, 1_000_000],
    [1_000_001, 300],
    [1e9, 300],
    [1e12, 300],
    [Number.MAX_SAFE_INTEGER, 300],
    [Infinity, 300],
    [-5, 300],
    [NaN, 300],
  ])('charges a reported usage of %d tokens as %d', (total, tokens) => {
    expect(charge(chat, complete(total)).tokens).toBe(tokens);
  });

  it('accepts a usage of up to a hundred times the reservation', () => {
    const large: Reservation = { total: 40_000, prompt: 30_000, answer: 0, isPaidPerAttempt: false };
    expect(charge(large, complete(4_000_000)).tokens).toBe(4_000_000);
    expect(charge(large, complete(4_000_001)).tokens).toBe(40_000);
  });

  it('charges embeddings for each attempt', () => {
    const embeddings: Reservation = { total: 50, prompt: 50, answer: 0, isPaidPerAttempt: true };
    expect(charge(embeddings, complete(60))).toEqual({ requests: 0, tokens: 60 });
    expect(charge(embeddings, complete(60, 3))).toEqual({ requests: 2, tokens: 160 });
    expect(charge(embeddings, failed(5, 0))).toEqual({ requests: 4, tokens: 250 });
    expect(charge(embeddings, failed(0, 0))).toEqual({ requests: 0, tokens: 0 });
  });
});

describe('the ledger entry of a request', () => {
  const chat: Reservation = { total: 300, prompt: 50, answer: 250, isPaidPerAttempt: false };

  function entryOf(consumption: Consumption, reservation = chat) {
    const settled = vi.fn<RequestAccounting['settled']>((end) => ({ costMicros: end.costMicros, entry: 'e' }));
    const release = vi.fn<Lease['release']>();
    const accounting = { settled };
    settle({
      lease: { release },
      reservation,
      consumption,
      accounting,
      ending: { outcome: 'error', status: 502, code: 'upstream_error' },
      course: () => ({ ttftMs: 5 }),
    });
    const end = settled.mock.calls[0]?.[0];
    expect(release.mock.calls[0]?.[0].settled).toEqual({ costMicros: end?.costMicros, entry: 'e' });
    expect(end).toMatchObject({ outcome: 'error', status: 502, code: 'upstream_error', ttftMs: 5 });
    const { attempts, inputTokens, outputTokens, costMicros, estimated } = end ?? {};
    return [attempts, inputTokens, outputTokens, costMicros, estimated];
  }
  const withCost = (total?: number): Consumption => {
    const { end } = complete(total) as Extract<Consumption, { kind: 'complete' }>;
    return { kind: 'complete', end: { ...end, costMicros: 9 }, attempts: 2 };
  };

  it('has the tokens that the client was told, and the cost that the worker reports', () => {
    expect(entryOf(withCost(60))).toEqual([2, 40, 20, 9, false]);
  });

  it('is an estimate where no provider has told the tokens', () => {
    expect(entryOf(withCost())).toEqual([2, 50, 22, 9, true]);
    expect(entryOf(withCost(1e12))).toEqual([2, 50, 22, 9, true]);
    expect(entryOf(failed(1, 7))).toEqual([1, 50, 7, 0, true]);
  });

  it('counts nothing for a request that reached no provider', () => {
    expect(entryOf(failed(0, 0))).toEqual([0, 0, 0, 0, false]);
  });

  it('has the cost of a failed request', () => {
    const facts = { attempts: 3, events: 0, costMicros: 4, isEstimated: true };
    expect(entryOf({ kind: 'failed', facts })).toEqual([3, 50, 0, 4, true]);
  });
});
