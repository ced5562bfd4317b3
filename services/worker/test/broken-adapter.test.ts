import type { UpstreamHealth } from '@sluice/admission';
import { type ChatJob, firstRetryState } from '@sluice/protocol';
import { providers } from '@sluice/providers';
import { createMetrics, startSpan } from '@sluice/telemetry';
import { expect, it, vi } from 'vitest';
import { createActiveRuns } from '../src/active-runs.ts';
import { createCallTarget } from '../src/call-target.ts';
import { createCredentialPool } from '../src/credential-pool.ts';
import type { Target } from '../src/targets.ts';
import { createFakeUpstream } from './fake-upstream.ts';

it('a call that an adapter breaks leaves neither load on its credential nor its target under trial', async () => {
  const abandoned = vi.fn<UpstreamHealth['abandoned']>(() => Promise.resolve());
  const callTarget = createCallTarget({
    client: createFakeUpstream(),
    images: { fetch: () => Promise.reject(new Error('not wanted')), close: () => Promise.resolve() },
    tokens: undefined,
    health: { abandoned } as Partial<UpstreamHealth> as UpstreamHealth,
    metrics: createMetrics({ service: 'worker', models: [], upstreams: [], targets: [] }),
    timeouts: { firstTokenMs: 1000, idleMs: 1000 },
    limits: { maxEventBytes: 1000, maxBodyBytes: 1000 },
    onError: () => undefined,
    now: () => 0,
  });
  const giveBack = vi.fn<() => void>();
  const pool = createCredentialPool([{ id: 'a', apiKey: undefined, tokens: undefined, tokenCredential: undefined }]);
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
    adapter: {
      ...providers.openai.create({}),
      toUpstream() {
        throw new URIError('URI malformed');
      },
    },
    pool: { ...pool, take: (id) => ({ ...pool.take(id), giveBack }) },
  };
  const job: ChatJob = {
    requestId: 'r',
    epoch: 1,
    ingressId: 'i',
    model: 'm',
    stream: false,
    operation: 'chat',
    state: firstRetryState,
  };
  const execution = {
    job,
    body: {},
    delivered: undefined,
    run: createActiveRuns().open(job),
    publisher: {
      data: () => undefined,
      send: () => undefined,
      isCongested: () => false,
      onceWritable: () => undefined,
    },
    remainingMs: () => 1000,
    span: startSpan({ name: 'test', kind: 'internal' }),
  };
  const call = callTarget(execution, {
    target,
    body: {},
    credentialId: 'a',
    isProbe: true,
    hasFailures: true,
    attempts: 1,
    continuations: 0,
    rescue: undefined,
  });
  await expect(call).rejects.toThrow('URI malformed');
  expect(giveBack).toHaveBeenCalledOnce();
  expect(abandoned).toHaveBeenCalledWith({ upstreamId: 'u', model: 'm' });
});
