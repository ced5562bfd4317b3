import { type ChatJob, GatewayError, type Operation, readChatBody, splitNative } from '@sluice/protocol';
import type { Claim } from '@sluice/queue';
import { isRedisUnavailable } from '@sluice/redis';
import { createPublisher } from '@sluice/relay';
import { processSpan, queueWaitSpan, type SpanHandle, startSpanOf } from '@sluice/telemetry';
import { refuseJob } from './consumer/refuse-job.ts';
import { describeOutcome, publishOutcome } from './consumer/report-outcome.ts';
import type { RunJobNeeds } from './consumer/run-job-needs.ts';
import type { BegunRun } from './consumer/run-memory.ts';
import { startInference } from './consumer/start-inference.ts';
import type { ClaimedRun, Outcome } from './run/claimed-run.ts';
import { RunError } from './run/run-error.ts';
import { spentIn } from './run/tally.ts';
import { run } from './run.ts';

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
    else if (claimed.kind === 'unreadable') refuseJob(needs, job, { metric: 'unreadable', reason: claimed.reason });
    else notWanted(needs, job, claimed.kind, span.traceId);
  } finally {
    begun.close();
    span.end();
  }
}

function notWanted({ logger }: RunJobNeeds, job: ChatJob, claim: string, traceId?: string): void {
  const { requestId, epoch } = job;
  logger.debug({ internal_id: requestId, trace_id: traceId, epoch, claim }, 'job no longer wanted');
}

interface BegunJob {
  readonly claimed: Extract<Claim, { kind: 'claimed' }>;
  readonly begun: BegunRun;
  readonly span: SpanHandle;
}

async function runClaimed(needs: RunJobNeeds, job: ChatJob, { claimed, begun, span }: BegunJob): Promise<void> {
  const { requestId, epoch, ingressId } = job;
  const claimedAt = needs.now();
  const publisher = createPublisher({ writer: needs.writer, destination: ingressId, requestId, epoch });
  const active = needs.runs.open(job);
  // No statement may stand between `open` and `try`: a run that is never closed delays every drain.
  try {
    needs.metrics.jobStarted();
    needs.watchIngress(ingressId);
    publisher.send('started', { workerId: needs.workerId });
    begun.claimed(publisher);
    const remainingMs = (): number => claimed.remainingMs - (needs.now() - claimedAt);
    await serveJob(needs, job, { claimed, active, publisher, remainingMs, span });
  } finally {
    active.close();
    if (!needs.runs.hasRunsOf(ingressId)) needs.unwatchIngress(ingressId);
    needs.metrics.jobEnded();
  }
}

interface ClaimedJob extends Pick<ClaimedRun, 'active' | 'publisher' | 'remainingMs' | 'span'> {
  readonly claimed: Extract<Claim, { kind: 'claimed' }>;
}

async function serveJob(needs: RunJobNeeds, job: ChatJob, { claimed, span, ...facts }: ClaimedJob): Promise<void> {
  const forms = readForms(claimed.body, job.operation);
  const inference = startInference(needs, job, forms?.body ?? {}, span);
  const { delivered } = claimed;
  const served =
    forms === undefined ? notReadable() : run(needs, { job, ...forms, delivered, span: inference, ...facts });
  const outcome = await served.catch((error: unknown) => toOutcome(needs, job, { error, traceId: inference.traceId }));
  try {
    if (outcome.kind !== 'retry' || facts.active.signal.reason === 'ingress_lost') needs.forget(job);
    publishOutcome(facts.publisher, outcome);
    describeOutcome(needs, job, { outcome, span: inference });
  } finally {
    inference.end();
  }
}

/** Reads the request, and its form in the client's own protocol. Returns undefined if the text is not valid. */
function readForms(text: string, operation: Operation): Pick<ClaimedRun, 'body' | 'native'> | undefined {
  try {
    const { chat, native } = splitNative(text);
    return { body: readChatBody(chat, operation), native };
  } catch {
    return undefined;
  }
}

const notReadable = (): Promise<Outcome> => Promise.reject(new Error('the stored body of the request is not valid'));

/** The outcome of an internal error. Only an outage of Redis is retryable for the client. */
function toOutcome(
  { logger }: RunJobNeeds,
  { requestId, state }: ChatJob,
  { error, traceId }: { readonly error: unknown; readonly traceId: string | undefined },
): Outcome {
  const code = isRedisUnavailable(error) ? 'redis_unavailable' : 'internal_error';
  const tally = error instanceof RunError ? error.tally : undefined;
  const err = error instanceof RunError ? error.cause : error;
  logger.error({ internal_id: requestId, trace_id: traceId, err }, 'run failed');
  return {
    kind: 'error',
    error: new GatewayError(code),
    attempts: tally?.calls() ?? state.attempts,
    events: tally?.events ?? 0,
    spent: spentIn(tally ?? state),
  };
}
