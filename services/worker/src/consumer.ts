import { type ChatJob, GatewayError, toWireError } from '@sluice/protocol';
import { type ChatBody, readChatBody } from '@sluice/providers';
import { type Claim } from '@sluice/queue';
import { isRedisUnavailable } from '@sluice/redis';
import { createPublisher, type MailboxWriter, type Publisher } from '@sluice/relay';
import {
  inferenceResultAttributes,
  inferenceSpan,
  type Logger,
  processSpan,
  queueWaitSpan,
  type RefusalReason,
  type SpanHandle,
  startSpanOf,
  type WorkerMetrics,
} from '@sluice/telemetry';
import type { ActiveRuns } from './consumer/active-runs.ts';
import type { RunNeeds } from './run/progress.ts';
import type { Execution, Outcome } from './run/claimed-run.ts';
import { run as serve } from './run.ts';
import type { BegunRun, RunMemory } from './consumer/run-memory.ts';

export interface RunJobNeeds extends RunNeeds {
  readonly workerId: string;
  /** Makes the run this worker's alone, if it is still wanted. */
  readonly claim: (job: ChatJob) => Promise<Claim>;
  /** Removes what is kept of a request that will not run again. */
  readonly forget: (job: ChatJob) => void;
  readonly runs: ActiveRuns;
  readonly memory: RunMemory;
  readonly writer: MailboxWriter;
  readonly metrics: WorkerMetrics;
  readonly logger: Logger;
  /** Logs, seldom, why a job was not run that no ingress of this fleet can have meant. */
  readonly onRefused: (error: Error) => void;
  readonly watchIngress: (ingressId: string) => void;
  readonly unwatchIngress: (ingressId: string) => void;
  readonly now: () => number;
}

const queue = 'chat';

/** Takes one job from its claim to its last frame. */
export async function runJob(needs: RunJobNeeds, job: ChatJob, queuedAt: number): Promise<void> {
  const { requestId: messageId, epoch } = job;
  const begun = needs.memory.begin(job);
  if (begun === undefined) return notWanted(needs, job, 'known');
  const span = startSpanOf(() => processSpan({ queue, messageId, epoch }), { parent: job });
  startSpanOf(() => queueWaitSpan({ queue }), { parent: span, startTimeMs: queuedAt }).end();
  try {
    const claimed = await needs.claim(job);
    if (claimed.kind === 'claimed') await runClaimed(needs, job, { claimed, begun, span });
    else if (claimed.kind === 'unreadable') refuse(needs, job, { metric: 'unreadable', reason: claimed.reason });
    else notWanted(needs, job, claimed.kind, span.traceId);
  } finally {
    begun.close();
    span.end();
  }
}

function notWanted({ logger }: RunJobNeeds, job: ChatJob, claim: string, traceId?: string): void {
  const { requestId, epoch } = job;
  logger.debug({ internal_id: requestId, trace_id: traceId, epoch, claim }, 'job not wanted any more');
}

const noSignature =
  'it is not signed with the SLUICE_SECRET_KEY of this worker: give the same one to all ingresses; if they have it, ' +
  'somebody else wrote to Redis';

/** A job that no ingress with this worker's secret has written is not run. */
export function refuseForged(needs: RunJobNeeds, job: ChatJob | undefined): void {
  if (job !== undefined) return refuse(needs, job, { metric: 'unsigned', reason: noSignature });
  needs.metrics.jobRefused('malformed');
  needs.onRefused(new Error('it is not a job of Sluice: somebody else wrote to Redis'));
}

/** Refuses a job and tells its ingress: a secret that differs must not look like a provider that hangs. */
function refuse(
  needs: RunJobNeeds,
  job: ChatJob,
  { metric, reason }: { readonly metric: RefusalReason; readonly reason: string },
): void {
  const { requestId, epoch, ingressId, state } = job;
  needs.metrics.jobRefused(metric);
  needs.onRefused(new Error(reason));
  const publisher = createPublisher({ writer: needs.writer, destination: ingressId, requestId, epoch });
  publish(publisher, { kind: 'error', error: new GatewayError('internal_error'), attempts: state.attempts, events: 0 });
  needs.forget(job);
}

interface ClaimedRun {
  readonly claimed: Extract<Claim, { kind: 'claimed' }>;
  readonly begun: BegunRun;
  readonly span: SpanHandle;
}

async function runClaimed(needs: RunJobNeeds, job: ChatJob, { claimed, begun, span }: ClaimedRun): Promise<void> {
  const { requestId, epoch, ingressId } = job;
  const claimedAt = needs.now();
  const publisher = createPublisher({ writer: needs.writer, destination: ingressId, requestId, epoch });
  const run = needs.runs.open(job);
  // Nothing may come between this and the `finally`: a run that is never closed holds up every drain.
  try {
    needs.metrics.jobStarted();
    needs.watchIngress(ingressId);
    publisher.send('started', { workerId: needs.workerId });
    begun.claimed(publisher);
    const remainingMs = (): number => claimed.remainingMs - (needs.now() - claimedAt);
    await serveJob(needs, job, { claimed, run, publisher, remainingMs, span });
  } finally {
    run.close();
    if (!needs.runs.hasRunsOf(ingressId)) needs.unwatchIngress(ingressId);
    needs.metrics.jobEnded();
  }
}

interface ClaimedJob extends Pick<Execution, 'run' | 'publisher' | 'remainingMs' | 'span'> {
  readonly claimed: Extract<Claim, { kind: 'claimed' }>;
}

async function serveJob(needs: RunJobNeeds, job: ChatJob, { claimed, span, ...facts }: ClaimedJob): Promise<void> {
  const body = readBody(claimed.body);
  const inference = startInference(needs, job, body ?? {}, span);
  const { delivered } = claimed;
  const served = body === undefined ? notReadable() : serve(needs, { job, body, delivered, span: inference, ...facts });
  const outcome = await served.catch((error: unknown) => toOutcome(needs, job, { error, traceId: inference.traceId }));
  try {
    if (outcome.kind !== 'retry' || facts.run.signal.reason === 'ingress_lost') needs.forget(job);
    publish(facts.publisher, outcome);
    describe(needs, job, outcome, inference);
  } finally {
    inference.end();
  }
}

/** Undefined for anything but a JSON object: the ingress stores nothing else. */
function readBody(text: string): ChatBody | undefined {
  try {
    return readChatBody(text);
  } catch {
    return undefined;
  }
}

const notReadable = (): Promise<Outcome> =>
  Promise.reject(new Error('the stored body of the request is not a JSON object'));

function startInference(
  { targetsOf }: RunJobNeeds,
  { model, stream, operation }: ChatJob,
  body: ChatBody,
  parent: SpanHandle,
): SpanHandle {
  const number = (name: string): number | undefined => (typeof body[name] === 'number' ? body[name] : undefined);
  return startSpanOf(
    () =>
      inferenceSpan({
        operation,
        providerType: targetsOf(model, operation)[0]?.adapter.type ?? 'unknown',
        model,
        stream,
        maxTokens: number('max_completion_tokens') ?? number('max_tokens'),
        temperature: number('temperature'),
        topP: number('top_p'),
        choices: number('n'),
        seed: number('seed'),
      }),
    { parent },
  );
}

/** The outcome of an error on our side. Only an outage of Redis is worth another try by the client. */
function toOutcome(
  { logger }: RunJobNeeds,
  { requestId, state }: ChatJob,
  { error, traceId }: { readonly error: unknown; readonly traceId: string | undefined },
): Outcome {
  const code = isRedisUnavailable(error) ? 'redis_unavailable' : 'internal_error';
  logger.error({ internal_id: requestId, trace_id: traceId, err: error }, 'run failed');
  return { kind: 'error', error: new GatewayError(code), attempts: state.attempts, events: 0 };
}

function publish(publisher: Publisher, outcome: Outcome): void {
  switch (outcome.kind) {
    case 'end':
      return publisher.send('end', outcome.end);
    case 'error': {
      const { attempts, events, lastFailure } = outcome;
      const failure = lastFailure && { kind: lastFailure.kind, status: lastFailure.status };
      return publisher.send('error', { error: toWireError(outcome.error), attempts, events, failure });
    }
    case 'retry': {
      const { delayMs, state } = outcome;
      return publisher.send('retry', { delayMs, state, error: toWireError(outcome.error) });
    }
  }
}

function describe({ logger, policy }: RunJobNeeds, job: ChatJob, outcome: Outcome, span: SpanHandle): void {
  if (outcome.kind === 'end') {
    const { usage, responseModel, finishReason } = outcome.end;
    span.set(() =>
      inferenceResultAttributes({
        attempts: outcome.attempts,
        continuations: outcome.end.continuations,
        responseModel,
        finishReasons: finishReason === undefined ? undefined : [finishReason],
        inputTokens: usage?.prompt_tokens,
        outputTokens: usage?.completion_tokens,
        cacheReadTokens: tokensOf(usage?.['prompt_tokens_details'], 'cached_tokens'),
        cacheWriteTokens: tokensOf(usage?.['prompt_tokens_details'], 'cache_write_tokens'),
        reasoningTokens: tokensOf(usage?.['completion_tokens_details'], 'reasoning_tokens'),
      }),
    );
    return;
  }
  const { code, message } = outcome.error;
  span.fail({ code, message });
  const lastFailure = outcome.kind === 'error' ? outcome.lastFailure : outcome.state.lastFailure;
  const line = {
    internal_id: job.requestId,
    trace_id: span.traceId,
    epoch: job.epoch,
    code,
    reason: message,
    kind: lastFailure?.kind,
    target: lastFailure?.target,
    status: lastFailure?.status,
    max_attempts: policy.maxAttempts,
  };
  if (outcome.kind === 'retry') {
    const { delayMs, state, baseDelayMs } = outcome;
    const fields = { ...line, attempts: state.attempts, base_delay_ms: baseDelayMs, delay_ms: delayMs };
    return logger.warn(fields, 'upstream failed; the request will be tried again');
  }
  if (code === 'request_cancelled') return;
  const { attempts, error } = outcome;
  logger.warn({ ...line, attempts, retryable: error.retryable }, 'request failed');
}

/** From the details of a usage, which are as the provider sent them. */
function tokensOf(details: unknown, name: string): number | undefined {
  const tokens: unknown = typeof details === 'object' && details !== null ? Reflect.get(details, name) : undefined;
  return typeof tokens === 'number' ? tokens : undefined;
}
