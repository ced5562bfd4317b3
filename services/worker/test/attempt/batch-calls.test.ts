import type { UpstreamFailure } from '@sluice/protocol';
import { noTokens } from '@sluice/records';
import { describe, expect, it } from 'vitest';
import type { EndedCall } from '../../src/attempt/account.ts';
import { withoutCall } from '../../src/attempt/attempt-result.ts';
import { createBatchCalls } from '../../src/attempt/batch-calls.ts';
import type { BegunBatch } from '../../src/attempt/keep-open.ts';

const request = {
  method: 'POST',
  url: 'http://u/',
  headers: {},
  body: JSON.stringify({ input: ['x'.repeat(40)] }),
} as const;
const usage = { prompt_tokens: 9, completion_tokens: 0, total_tokens: 9 };
const failed = (failure: Partial<UpstreamFailure>) =>
  withoutCall({ kind: 'failed', failure: { kind: 'server', message: '', ...failure } });

function setUp() {
  const begun: BegunBatch[] = [];
  const ended: EndedCall[] = [];
  const batches = createBatchCalls({
    onBegin: (call) => void begun.push(call),
    onEnd: (call) => void ended.push(call),
  });
  return { batches, begun, ended };
}

describe('the calls of embeddings in several batches', () => {
  it('are billed by themselves, and the last one is left to the attempt', () => {
    const { batches, begun, ended } = setUp();
    batches.begin(request, 2);
    batches.noteUsage(usage);
    batches.begin(request, 3);
    batches.noteUsage(usage);
    batches.noteUsage({ ...usage, prompt_tokens: 4 });
    batches.end(withoutCall({ kind: 'aborted' }));
    expect(ended.map(({ number, outcome, counted }) => [number, outcome, counted.tokens.fresh])).toEqual([
      [2, 'complete', 9],
      [3, 'complete', 9],
    ]);
    expect(begun.map(({ number, counted }) => [number, counted])).toEqual([
      [2, { tokens: { ...noTokens, fresh: 10 }, isEstimated: true }],
      [3, { tokens: { ...noTokens, fresh: 10 }, isEstimated: true }],
    ]);
    expect(batches.count).toBe(2);
    expect(batches.last?.usage?.prompt_tokens).toBe(4);
  });

  it.each([
    ['texts', { model: 'm'.repeat(400), input: ['x'.repeat(20), 'x'.repeat(20)] }, 10],
    ['nested texts', { input: { texts: ['x'.repeat(40)] }, parameters: { text_type: 'document' } }, 10],
    ['parts', { requests: [{ model: 'models/m', content: { parts: [{ text: 'x'.repeat(40) }] } }] }, 10],
    ['tokens', { input: [[1, 2, 3], [4]], dimensions: 256 }, 4],
  ])('are estimated by their inputs alone: %s', (_what, body, tokens) => {
    const { batches, ended } = setUp();
    batches.begin({ ...request, body: JSON.stringify(body) }, 2);
    batches.noteUsage(undefined);
    expect(ended[0]?.counted.tokens.fresh).toBe(tokens);
  });

  it('are estimated if the provider tells no usage', () => {
    const { batches, ended } = setUp();
    batches.begin(request, 2);
    batches.noteUsage(undefined);
    expect(ended[0]?.counted).toMatchObject({ tokens: { fresh: 10 }, isEstimated: true });
  });

  it.each([
    ['refused', failed({ status: 503 }), 'failed', 0],
    ['too slow', failed({ kind: 'timeout' }), 'failed', 10],
    ['aborted', withoutCall({ kind: 'aborted' }), 'aborted', 10],
  ] as const)('are settled if one is %s', (_what, reason, outcome, tokens) => {
    const { batches, ended } = setUp();
    batches.begin(request, 2);
    batches.end(reason);
    expect(ended).toMatchObject([{ number: 2, outcome, counted: { tokens: { fresh: tokens } } }]);
  });
});
