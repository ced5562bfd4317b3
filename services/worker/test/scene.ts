import { type ChatJob, firstRetryState } from '@sluice/protocol';
import { type CallPlan, providers } from '@sluice/providers';
import { startSpan } from '@sluice/telemetry';
import { createActiveRuns } from '../src/active-runs.ts';
import { type CallTarget, type CallTargetNeeds, type ChosenCall, createCallTarget } from '../src/call-target.ts';
import { createCredentialPool } from '../src/credential-pool.ts';
import type { Execution } from '../src/execute.ts';
import type { Target } from '../src/targets.ts';
import { createFakeUpstream } from './fake-upstream.ts';

/** A first run of a streamed chat. */
export const jobWith = (over: Partial<ChatJob> = {}): ChatJob => ({
  requestId: 'r',
  epoch: 1,
  ingressId: 'i',
  tenant: 't',
  model: 'm',
  stream: true,
  operation: 'chat',
  state: firstRetryState,
  ...over,
});

/** A target at OpenAI's protocol with one credential, `a`. */
export const targetWith = (over: Partial<Target> = {}): Target => ({
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
  adapter: providers.openai.create({}),
  pool: createCredentialPool([{ id: 'a', apiKey: undefined, tokens: undefined, tokenCredential: undefined }]),
  ...over,
});

/** What an adapter is told of a streamed call. */
export const planWith = (over: Partial<CallPlan> = {}): CallPlan => ({
  model: 'm',
  baseUrl: 'http://u',
  apiKey: undefined,
  stream: true,
  reportStreamUsage: true,
  requestId: 'r',
  startedAtMs: 0,
  newId: () => 'id',
  keepsThinkingMarkup: false,
  ...over,
});

/** Makes calls without tokens, pictures, metrics or Redis. */
export const callTargetWith = (over: Partial<CallTargetNeeds> = {}): CallTarget =>
  createCallTarget({
    client: createFakeUpstream(),
    images: {
      fetch: () => Promise.reject(new Error('there are no pictures here')),
      close: () => Promise.resolve(),
    },
    health: { recovered: () => Promise.resolve(), abandoned: () => Promise.resolve() },
    tokens: undefined,
    metrics: { attemptEnded: () => undefined, tokensBurnt: () => undefined, chunkGap: () => undefined },
    timeouts: { firstTokenMs: 5000, idleMs: 5000 },
    limits: { maxEventBytes: 10_000, maxBodyBytes: 10_000 },
    onError: () => undefined,
    now: () => 0,
    ...over,
  });

/** A first call as credential `a`. */
export const callWith = (over: Partial<ChosenCall> = {}): ChosenCall => ({
  target: targetWith(),
  body: {},
  credentialId: 'a',
  isProbe: false,
  hasFailures: false,
  attempts: 1,
  continuations: 0,
  rescue: undefined,
  ...over,
});

interface Scene extends Partial<Omit<Execution, 'publisher'>> {
  /** Gets the pieces of the answer. */
  readonly onData?: (piece: string) => void;
}

/** A run of a job with a minute left, whose client takes all at once. */
export function executionWith({ onData, job = jobWith(), ...over }: Scene = {}): Execution {
  return {
    job,
    body: {},
    delivered: undefined,
    run: createActiveRuns().open(job),
    publisher: {
      data: (piece) => onData?.(piece),
      send: () => undefined,
      isCongested: () => false,
      onceWritable: () => undefined,
    },
    remainingMs: () => 60_000,
    span: startSpan({ name: 'test', kind: 'internal' }),
    ...over,
  };
}
