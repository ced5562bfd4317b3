import { retryPresets } from '@sluice/policy';
import { type ChatJob, firstRetryState } from '@sluice/protocol';
import { type CallPlan, providers } from '@sluice/providers';
import { startSpan } from '@sluice/telemetry';
import { createActiveRuns } from '../src/consumer/active-runs.ts';
import { type AnswerSink, streamSink } from '../src/answer/answer-sink.ts';
import { createCredentialPool } from '../src/credentials/credential-pool.ts';
import type { RunNeeds } from '../src/run/progress.ts';
import { createForbiddenCredentials } from '../src/credentials/forbidden-credentials.ts';
import type { ClaimedRun } from '../src/run/claimed-run.ts';
import { type AttemptSeams, createMakeAttempt, type MakeAttempt, type MakeAttemptNeeds } from '../src/attempt.ts';
import { createPromptScale } from '../src/attempt/prompt-scale.ts';
import type { ChosenAttempt } from '../src/attempt/chosen-attempt.ts';
import type { Target } from '../src/targets/targets.ts';
import type { CallClient } from '../src/targets/upstream-clients.ts';
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

/** A pool of credentials without keys. */
export const poolOf = (...ids: readonly string[]): Target['pool'] =>
  createCredentialPool(ids.map((id) => ({ id, apiKey: undefined, tokens: undefined, tokenCredential: undefined })));

/** A target at OpenAI's protocol with one credential, `a`. */
export const targetWith = (over: Partial<Target> = {}): Target => ({
  upstream: 'u',
  model: 'm',
  priority: 1,
  weight: 1,
  baseUrl: 'http://u',
  secrets: [],
  reportStreamUsage: true,
  prefill: 'none',
  dropsUnsupported: false,
  isWholeOnly: false,
  wholeAnswers: 'ask',
  maxContinuations: 0,
  onContentPolicy: 'next',
  adapter: providers.openai.create({}),
  pool: poolOf('a'),
  ...over,
});

/** The plan that an adapter gets of a streamed call. */
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

/** Makes attempts without access tokens, metrics or Redis. */
export const makeAttemptWith = ({
  client = createFakeUpstream(),
  ...over
}: Partial<MakeAttemptNeeds> & { readonly client?: CallClient } = {}): MakeAttempt =>
  createMakeAttempt({
    clientOf: () => client,
    tokens: undefined,
    metrics: {
      attemptEnded: () => undefined,
      tokensBurnt: () => undefined,
      chunkGap: () => undefined,
      spent: () => undefined,
      tokensBilled: () => undefined,
      costDiffers: () => undefined,
    },
    attempts: undefined,
    openAttempts: undefined,
    promptScale: createPromptScale(),
    pricing: { priceOf: () => ({ rates: {}, source: 'none', isKnown: false }) },
    onCostDiffers: () => undefined,
    timeouts: { firstTokenMs: 5000, idleMs: 5000 },
    limits: { maxEventBytes: 10_000, maxBodyBytes: 10_000 },
    logger: quietLogger,
    onError: () => undefined,
    onThrow: () => undefined,
    now: () => performance.now(),
    ...over,
  });

/** A first attempt as credential `a`. */
export const chosenWith = (over: Partial<ChosenAttempt> = {}): ChosenAttempt => ({
  target: targetWith(),
  body: {},
  credentialId: 'a',
  isProbe: false,
  stream: true,
  number: 1,
  wholeMs: Number.POSITIVE_INFINITY,
  ...over,
});

/** A sink for a client that reads everything at once. */
export const sinkWith = (onData: (piece: string) => void = () => undefined): AnswerSink =>
  streamSink({ onAnswer: () => undefined, data: onData, isCongested: () => false, onceWritable: () => undefined }, {});

/** A run that remembers nothing, and has no images to fetch. */
export const seamsWith = (over: Partial<AttemptSeams> = {}): AttemptSeams => ({
  memory: { images: noImages, notes: new Map() },
  sink: sinkWith(),
  onCall: () => undefined,
  onSpent: () => undefined,
  ...over,
});

export const noImages = { fetch: () => Promise.reject(new Error('there are no images here')) };

interface Scene extends Partial<Omit<ClaimedRun, 'publisher'>> {
  /** Gets the pieces of the answer. */
  readonly onData?: (piece: string) => void;
}

/** A run of a job with a minute left, whose client reads everything at once. */
export function claimedRunWith({ onData, job = jobWith(), ...over }: Scene = {}): ClaimedRun {
  return {
    job,
    body: {},
    native: undefined,
    delivered: undefined,
    active: createActiveRuns().open(job),
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

/** A logger that discards its lines. */
export const quietLogger: RunNeeds['logger'] = {
  warn: () => undefined,
  debug: () => undefined,
  isLevelEnabled: () => false,
};

/** Upstream health in which the first credential of every target is free, and failures are not recorded. */
const healthy: RunNeeds['health'] = {
  choose: (_target, [credentialId = '']) =>
    Promise.resolve({ kind: 'go', credentialId, isProbe: false, hasFailures: false }),
  coolDown: () => Promise.resolve(),
  failed: () => Promise.resolve(),
  recovered: () => Promise.resolve(),
  abandoned: () => Promise.resolve(),
};

type RunNeedsScene = Pick<RunNeeds, 'targetsOf' | 'makeAttempt'> & Partial<Omit<RunNeeds, 'health'>>;

/** The dependencies of a run, without Redis, metrics, images or randomness. */
export const runNeedsWith = (over: RunNeedsScene & { readonly health?: Partial<RunNeeds['health']> }): RunNeeds => ({
  forbiddenCredentials: createForbiddenCredentials(),
  images: noImages,
  policy: retryPresets.default,
  metrics: { retried: () => undefined, credentialCooledDown: () => undefined },
  timeouts: {},
  logger: quietLogger,
  onError: () => undefined,
  random: () => 0.5,
  now: () => 0,
  ...over,
  health: { ...healthy, ...over.health },
});
