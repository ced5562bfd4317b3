import { type ChatJob, firstRetryState } from '@sluice/protocol';
import { type CallPlan, type ProviderAdapter, providers } from '@sluice/providers';
import { startSpan } from '@sluice/telemetry';
import { expect, it } from 'vitest';
import { createActiveRuns } from '../src/active-runs.ts';
import { createCallTarget } from '../src/call-target.ts';
import { createCredentialPool } from '../src/credential-pool.ts';
import type { Target } from '../src/targets.ts';
import { createFakeUpstream } from './fake-upstream.ts';

const job: ChatJob = {
  requestId: 'r',
  epoch: 1,
  ingressId: 'i',
  model: 'm',
  stream: true,
  operation: 'chat',
  state: firstRetryState,
};
const publisher = {
  data: () => undefined,
  send: () => undefined,
  isCongested: () => false,
  onceWritable: () => undefined,
};

/** The plan that an adapter is given for this job. */
async function planFor(over: Partial<ChatJob>): Promise<CallPlan | undefined> {
  let seen: CallPlan | undefined;
  const adapter: ProviderAdapter = {
    ...providers.openai.create({}),
    *prepare(_body, plan) {
      seen = plan;
      yield { kind: 'wait', ms: 0 };
      return { kind: 'failed', failure: { kind: 'server', message: '' } };
    },
  };
  const target: Target = {
    upstream: 'u',
    model: 'm',
    priority: 1,
    weight: 1,
    baseUrl: 'http://u',
    reportStreamUsage: true,
    prefill: 'none',
    dropsUnsupported: false,
    isWholeOnly: false,
    maxContinuations: 0,
    adapter,
    pool: createCredentialPool([{ id: 'a', apiKey: undefined, tokens: undefined, tokenCredential: undefined }]),
  };
  const callTarget = createCallTarget({
    client: createFakeUpstream(),
    images: {
      fetch: () => Promise.reject(new Error('there are no pictures here')),
      close: () => Promise.resolve(),
    },
    health: { recovered: () => Promise.resolve(), abandoned: () => Promise.resolve() },
    tokens: undefined,
    metrics: { attemptEnded: () => undefined, tokensBurnt: () => undefined, chunkGap: () => undefined },
    timeouts: { firstTokenMs: 100, idleMs: 100 },
    limits: { maxEventBytes: 1000, maxBodyBytes: 1000 },
    onError: () => undefined,
    now: () => 0,
  });
  const execution = {
    job: { ...job, ...over },
    body: {},
    delivered: undefined,
    run: createActiveRuns().open(job),
    publisher,
    remainingMs: () => 1000,
    span: startSpan({ name: 'test', kind: 'internal' }),
  };
  const call = {
    target,
    body: {},
    credentialId: 'a',
    isProbe: false,
    hasFailures: false,
    attempts: 1,
    continuations: 0,
  };
  await callTarget(execution, { ...call, rescue: undefined });
  return seen;
}

it.each([
  [{}, false],
  [{ keepsThinkingMarkup: true }, true],
])('an adapter knows whether marks around thoughts are to stay: %j', async (over, expected) => {
  expect((await planFor(over))?.keepsThinkingMarkup).toBe(expected);
});
