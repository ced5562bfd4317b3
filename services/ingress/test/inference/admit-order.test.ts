import type { Turn, Verdict } from '@sluice/admission';
import { describe, expect, it } from 'vitest';
import { admitOrder } from '../../src/inference/admit-order.ts';
import { fakeResponse } from '../fake-response.ts';
import { configWith, fakeAdmission, fakeObservation, principalWith, refusal } from './fakes.ts';

const reservation = { total: 40, prompt: 10, answer: 30, isPaidPerAttempt: false };
const rates = { requests: { limit: 5, remaining: 4, resetMs: 700 }, tokens: undefined };

function setUp(verdict?: Verdict | Error) {
  const { response, headers } = fakeResponse();
  const { observation, seen } = fakeObservation();
  const { admission, reserved } = fakeAdmission(verdict);
  const controller = new AbortController();
  let now = 0;
  const admitted = admitOrder(
    { admission, config: configWith(), now: () => (now += 100) },
    { reservation },
    {
      response,
      observation,
      requestId: 'r',
      publicId: 'p',
      startedAt: 0,
      signal: controller.signal,
      principal: principalWith(),
    },
  );
  return { admitted, headers, seen, reserved, leave: () => controller.abort() };
}

describe('an order', () => {
  it('is admitted with its reserved tokens, and gets the state of its limits', async () => {
    const lease = { mustWait: false, admitted: Promise.resolve<Turn>('run'), release: () => undefined };
    const { admitted, headers, seen, reserved } = setUp({ kind: 'accepted', lease, rates, redisNow: 1_000_000 });
    expect(await admitted).toMatchObject({ waitedMs: 0, redisNow: 1_000_000 });
    expect(reserved).toEqual([40]);
    expect(headers).toMatchObject({ 'x-ratelimit-limit-requests': 5, 'x-ratelimit-reset-requests': '700ms' });
    expect(seen).toEqual(['admitted 0']);
  });

  it('records how long it waited for a lease', async () => {
    const { promise, resolve } = Promise.withResolvers<Turn>();
    const lease = { mustWait: true, admitted: promise, release: () => undefined };
    const { admitted, seen } = setUp({ kind: 'accepted', lease, rates, redisNow: 5 });
    resolve('run');
    expect(await admitted).toMatchObject({ waitedMs: 100, redisNow: 105 });
    expect(seen).toEqual(['admitted 100']);
  });

  it('is not recorded as admitted when it is refused, but gets the state of its limits', async () => {
    const { admitted, headers, seen } = setUp(refusal({ reason: 'requests', rates }));
    await expect(admitted).rejects.toMatchObject({ code: 'rate_limit_exceeded' });
    expect([headers['x-ratelimit-remaining-requests'], seen]).toEqual([4, []]);
  });

  it.each([
    ['an absent Redis', new Error('Command timed out'), { code: 'redis_unavailable' }],
    ['a fault', new Error('boom'), { message: 'boom' }],
  ])('fails because of %s', async (_what, cause, error) => {
    const { admitted, seen } = setUp(cause);
    await expect(admitted).rejects.toMatchObject(error);
    expect(seen).toEqual([]);
  });

  it('gives its lease back when its client leaves while it waits', async () => {
    const released: unknown[] = [];
    const lease = {
      mustWait: true,
      admitted: new Promise<Turn>(() => undefined),
      release: (correction: unknown) => void released.push(correction),
    };
    const { admitted, leave } = setUp({ kind: 'accepted', lease, rates, redisNow: 5 });
    leave();
    await expect(admitted).rejects.toMatchObject({ code: 'request_cancelled' });
    expect(released).toEqual([{ requests: 0, tokens: -40 }]);
  });
});
