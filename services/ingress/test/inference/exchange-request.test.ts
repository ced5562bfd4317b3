import { describe, expect, it } from 'vitest';
import { type AdmittedOrder, toExchangeRequest } from '../../src/inference/exchange-request.ts';
import type { Order } from '../../src/inference/order.ts';
import { configWith, principalWith } from './fakes.ts';

const config = configWith();
const order: Order = {
  operation: 'chat',
  model: 'mini',
  stream: true,
  thinking: 'field',
  body: Buffer.from('{}'),
  droppedMessages: 0,
  maxContinuations: 0,
  targets: [{ upstream: 'u', priority: 1, weight: 1 }],
  reservation: { total: 5, prompt: 2, answer: undefined, isPaidPerAttempt: false },
  native: undefined,
  forms: undefined,
};
const client = { requestId: 'r', principal: principalWith() };
const requestOf = (over: Partial<Order> = {}, carrier: AdmittedOrder['carrier'] = {}) =>
  toExchangeRequest({
    config,
    ingressId: 'i',
    order: { ...order, ...over },
    client,
    admitted: { redisNow: 1_000_000 },
    carrier,
  });

describe('the first run of an admitted request', () => {
  it('has the ids, the model and the operation of its request', () => {
    expect(requestOf({ operation: 'embeddings' }, { traceparent: 't' }).job).toMatchObject({
      requestId: 'r',
      epoch: 1,
      ingressId: 'i',
      tenant: 'key-id',
      model: 'mini',
      stream: true,
      operation: 'embeddings',
      traceparent: 't',
      state: { attempts: 0 },
    });
  });

  it.each([
    [true, config.timeouts.streamTotalMs],
    [false, config.timeouts.totalMs],
  ])("has a deadline on Redis's clock: stream %s", (stream, remainingMs) => {
    expect(requestOf({ stream })).toMatchObject({
      remainingMs,
      deadlineAt: 1_000_000 + remainingMs,
      maxQueueWaitMs: config.limits.maxQueueWaitMs,
    });
  });

  it.each([
    ['raw', true],
    ['field', undefined],
    ['strip', undefined],
  ] as const)('keeps the markup of the reasoning for the form %s alone', (thinking, keepsThinkingMarkup) => {
    expect(requestOf({ thinking }).job.keepsThinkingMarkup).toBe(keepsThinkingMarkup);
  });
});
