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
  type SpanHandle,
  startSpan,
  type WorkerMetrics,
} from '@sluice/telemetry';
import type { ActiveRuns } from './active-runs.ts';
import type { Execution, Outcome } from './execution.ts';
import type { RunNeeds } from './course.ts';
import { run as serve } from './run.ts';

export interface RunJobNeeds extends RunNeeds {
  readonly workerId: string;
  /** Makes the run this worker's alone, if it is still wanted. */
  readonly claim: (job: ChatJob) => Promise<Claim>;
  /** Removes what is kept of a request that will not run again. */
  readonly forget: (job: ChatJob) => void;
  readonly runs: ActiveRuns;
  readonly writer: MailboxWriter;
  readonly metrics: WorkerMetrics;
  readonly logger: Logger;
  readonly watchIngress: (ingressId: string) => void;
  readonly unwatchIngress: (ingressId: string) => void;
  readonly now: () => number;
}

const queue = 'chat';

/** Takes one job from its claim to its last frame. */
export async function runJob(needs: RunJobNeeds, job: ChatJob, queuedAt: number): Promise<void> {
  const { requestId: messageId, epoch, ingressId } = job;
  const span = startSpan({ ...processSpan({ queue, messageId, epoch }), parent: job });
  startSpan({ ...queueWaitSpan({ queue }), parent: span, startTimeMs: queuedAt }).end();
  const claimed = await needs.claim(job);
  const claimedAt = needs.now();
  if (claimed.kind !== 'claimed') {
    needs.logger.debug(
      { internal_id: messageId, trace_id: span.traceId, epoch, claim: claimed.kind },
      'job not wanted any more',
    );
    return span.end();
  }

  const publisher = createPublisher({ writer: needs.writer, destination: ingressId, requestId: messageId, epoch });
  const run = needs.runs.open(job);
  // Nothing may come between this and the `finally`: a run that is never closed holds up every drain.
  try {
    needs.metrics.jobStarted();
    needs.watchIngress(ingressId);
    publisher.send('started', { workerId: needs.workerId });
    const remainingMs = (): number => claimed.remainingMs - (needs.now() - claimedAt);
    await serveJob(needs, job, { claimed, run, publisher, remainingMs, span });
  } finally {
    run.close();
    if (!needs.runs.hasRunsOf(ingressId)) needs.unwatchIngress(ingressId);
    needs.metrics.jobEnded();
    span.end();
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

/** The ingress has validated it: what is no JSON object here did not come from there. */
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
  return startSpan({
    ...inferenceSpan({
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
    parent,
  });
}

/** Something broke on our side; Redis being away is the one thing that may pass. */
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
      const { attempts, events } = outcome;
      return publisher.send('error', { error: toWireError(outcome.error), attempts, events });
    }
    case 'retry': {
      const { delayMs, state } = outcome;
      return publisher.send('retry', { delayMs, state, error: toWireError(outcome.error) });
    }
  }
}

function describe({ logger }: RunJobNeeds, job: ChatJob, outcome: Outcome, span: SpanHandle): void {
  if (outcome.kind === 'end') {
    const { usage, responseModel, finishReason } = outcome.end;
    span.set(
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
  };
  if (outcome.kind === 'retry') {
    const { delayMs, state } = outcome;
    const fields = { ...line, attempts: state.attempts, delay_ms: delayMs };
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
