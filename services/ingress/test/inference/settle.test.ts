import { describe, expect, it, vi } from 'vitest';
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
  settle({ mustWait: false, admitted: Promise.resolve('run'), release }, reservation, consumption);
  expect(release).toHaveBeenCalledOnce();
  const { requests = NaN, tokens = NaN } = release.mock.calls[0]?.[0] ?? {};
  return { requests, tokens: tokens + reservation.total };
}

describe('settle', () => {
  const chat: Reservation = { total: 300, prompt: 50, isPaidPerAttempt: false };

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
    const large: Reservation = { total: 40_000, prompt: 30_000, isPaidPerAttempt: false };
    expect(charge(large, complete(4_000_000)).tokens).toBe(4_000_000);
    expect(charge(large, complete(4_000_001)).tokens).toBe(40_000);
  });

  it('charges embeddings for each attempt', () => {
    const embeddings: Reservation = { total: 50, prompt: 50, isPaidPerAttempt: true };
    expect(charge(embeddings, complete(60))).toEqual({ requests: 0, tokens: 60 });
    expect(charge(embeddings, complete(60, 3))).toEqual({ requests: 2, tokens: 160 });
    expect(charge(embeddings, failed(5, 0))).toEqual({ requests: 4, tokens: 250 });
    expect(charge(embeddings, failed(0, 0))).toEqual({ requests: 0, tokens: 0 });
  });
});
