import type { AttemptEntry, RequestEntry, RequestLog, Timeline } from '@sluice/records';
import type { FoundRequest, ListedRequest } from '@sluice/store';

const isoTime = (ms: number): string => new Date(ms).toISOString();
const dollars = (micros: number | undefined): number | undefined =>
  micros === undefined ? undefined : micros / 1_000_000;

/** Returns a request as the list shows it. */
export function describeListed({ log, costMicros }: ListedRequest): object {
  return {
    object: 'request',
    id: log.publicId,
    internal_id: log.id,
    arrived_at: isoTime(log.arrivedAt),
    duration_ms: log.durationMs,
    status: log.status,
    outcome: log.outcome,
    code: log.code,
    error: log.error,
    blame: log.blame,
    key_id: log.keyId,
    key_name: log.keyName,
    operation: log.operation,
    model: log.model,
    stream: log.stream,
    upstream: log.upstream,
    attempts: log.attempts,
    cost_micros: costMicros,
    cost_usd: dollars(costMicros),
    trace_id: log.traceId,
  };
}

/** Returns everything that is known about a request. */
export function describeRequest({ log, entry, attempts }: FoundRequest): object {
  return {
    ...(log === undefined
      ? { object: 'request', internal_id: entry?.id }
      : describeListed({ log, costMicros: entry?.costMicros })),
    client_address: log?.clientAddress,
    user_agent: log?.userAgent,
    ...(log === undefined ? {} : { timeline: timelineOf(log, attempts), changes: changesOf(log) }),
    calls: attempts.map(describeAttempt),
    ledger: entry === undefined ? null : describeEntry(entry),
  };
}

const timelineOf = ({ timeline, durationMs }: RequestLog, attempts: readonly AttemptEntry[]): object | undefined =>
  timeline && describeTimeline({ timeline, durationMs }, attempts);

/** One part of the time of a request. */
interface Part {
  readonly name: string;
  readonly ms: number;
}

/**
 * Returns the parts of a request's time and their sum. The time until the first piece of the answer is split: the serving
 * attempt's time to first token, as its worker measured it, and before it the failed attempts and the waits.
 */
export function describeTimeline(
  { timeline, durationMs }: { readonly timeline: Timeline; readonly durationMs: number },
  attempts: readonly Pick<AttemptEntry, 'ttftMs' | 'outcome'>[],
): { readonly parts: readonly Part[]; readonly sum_ms: number; readonly duration_ms: number } {
  const serving = attempts.findLast(({ ttftMs, outcome }) => ttftMs !== undefined && outcome !== 'failed');
  const firstToken = Math.min(timeline.attempts, serving?.ttftMs ?? 0);
  const times: readonly (readonly [name: keyof Timeline | 'first_token', ms: number])[] = [
    ['auth', timeline.auth],
    ['body', timeline.body],
    ['admission', timeline.admission],
    ['queue', timeline.queue],
    ['attempts', timeline.attempts - firstToken],
    ['first_token', firstToken],
    ['stream', timeline.stream],
    ['relay', timeline.relay],
    ['client', timeline.client],
  ];
  const parts = times.map(([name, ms]) => ({ name, ms: rounded(ms) }));
  return { parts, sum_ms: rounded(parts.reduce((sum, { ms }) => sum + ms, 0)), duration_ms: durationMs };
}

/** The marks have microseconds; a difference of floats has more digits. */
const rounded = (ms: number): number => Math.round(ms * 1000) / 1000;

/** Returns the changes that the gateway made to the request or the answer. */
const changesOf = ({ droppedMessages, resumptions, continuations }: RequestLog): object => ({
  dropped_messages: droppedMessages ?? 0,
  resumptions: resumptions ?? 0,
  continuations: continuations ?? 0,
});

function describeAttempt(attempt: AttemptEntry): object {
  const { tokens } = attempt;
  return {
    id: attempt.id,
    run: attempt.epoch,
    number: attempt.number,
    upstream: attempt.upstream,
    model: attempt.model,
    credential: attempt.credential,
    started_at: isoTime(attempt.startedAt),
    duration_ms: attempt.durationMs,
    ttft_ms: attempt.ttftMs,
    outcome: attempt.outcome,
    failure_kind: attempt.failureKind,
    status: attempt.status,
    tokens: {
      fresh: tokens.fresh,
      cache_read: tokens.cacheRead,
      cache_write: tokens.cacheWrite,
      output: tokens.output,
      reasoning: tokens.reasoning,
      audio: attempt.audioTokens,
      image: attempt.imageTokens,
    },
    estimated: attempt.estimated,
    price_source: attempt.priceSource,
    cost_micros: attempt.costMicros,
    cost_usd: dollars(attempt.costMicros),
    provider_cost_micros: attempt.providerCostMicros,
  };
}

function describeEntry(entry: RequestEntry): object {
  return {
    accepted_at: isoTime(entry.acceptedAt),
    ended_at: isoTime(entry.endedAt),
    key_id: entry.keyId,
    key_name: entry.keyName,
    team_id: entry.teamId,
    owner: entry.owner,
    tags: entry.tags,
    session_id: entry.sessionId,
    agent: entry.agent,
    model: entry.model,
    served_model: entry.servedModel,
    upstream: entry.upstream,
    outcome: entry.outcome,
    status: entry.status,
    code: entry.code,
    waited_ms: entry.waitedMs,
    queue_wait_ms: entry.queueWaitMs,
    ttft_ms: entry.ttftMs,
    attempts: entry.attempts,
    input_tokens: entry.inputTokens,
    output_tokens: entry.outputTokens,
    cost_micros: entry.costMicros,
    cost_usd: dollars(entry.costMicros),
    estimated: entry.estimated,
    settled_by: entry.settledBy,
  };
}
