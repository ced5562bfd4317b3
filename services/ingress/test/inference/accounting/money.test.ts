import { describe, expect, it } from 'vitest';
import { type CostBounds, reserveMoney } from '../../../src/inference/accounting/money.ts';

const asked: object[] = [];
const bounds: CostBounds = {
  worstCost(call) {
    asked.push(call);
    return (call.upstream === 'dear' ? 2 : 1) * (call.promptTokens + 10 * call.answerTokens);
  },
  hasPrice: () => true,
  contextWindow: ({ model }) => (model === 'known' ? 8000 : undefined),
};
const target = (upstream: string, model?: string) => ({ upstream, priority: 1, weight: 1, ...(model && { model }) });
const order = (answer: number | undefined, maxContinuations = 0) => ({
  model: 'm',
  targets: [target('cheap'), target('dear', 'known')],
  reservation: { prompt: 50, answer, total: 0, isPaidPerAttempt: false },
  maxContinuations,
});

describe('the money reserved for a request', () => {
  it('is the cost of its longest answer by the dearest target', () => {
    expect(reserveMoney(bounds, order(30))).toEqual({ micros: 800, isBounded: true, microsIfLost: 800 });
    expect(asked).toContainEqual({ upstream: 'cheap', model: 'm', promptTokens: 100, answerTokens: 30 });
    expect(asked).toContainEqual({ upstream: 'dear', model: 'known', promptTokens: 100, answerTokens: 30 });
  });

  it('is that for the answer and for each extension', () => {
    expect(reserveMoney(bounds, order(30, 2)).micros).toBe(2400);
  });

  it('is the context window where nothing bounds the answer, or more than any model answers', () => {
    const { micros, isBounded, microsIfLost } = reserveMoney(bounds, order(undefined));
    expect([micros, isBounded, microsIfLost]).toEqual([100 + 10 * 1_000_000, false, 2 * (100 + 10 * 256)]);
    const ofKnown = reserveMoney(bounds, { ...order(undefined), targets: [target('dear', 'known')] });
    expect(ofKnown.micros).toBe(2 * (100 + 10 * 8000));
  });
});
