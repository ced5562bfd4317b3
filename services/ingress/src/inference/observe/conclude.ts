import type { Answered, End, ErrorCode, Failed } from '@sluice/protocol';
import {
  courseAttributes,
  httpResponseAttributes,
  inferenceResultAttributes,
  type IngressMetrics,
  type Logger,
  logRequest,
  type SpanHandle,
} from '@sluice/telemetry';
import type { Totals } from '../../totals.ts';

/** Parameters of a chat for its log line; undefined if the client did not set them. */
export interface ChatParameters {
  readonly messageCount: number;
  readonly temperature: number | undefined;
  readonly maxTokens: number | undefined;
}

/** The facts of a request that are known at its start. */
export interface Arrival {
  readonly span: SpanHandle;
  /** Id of the request in Redis, queue and frames. */
  readonly requestId: string;
  /** Id that the client gets. */
  readonly publicId: string;
  /** Monotonic milliseconds. */
  readonly startedAt: number;
  /** Name of the operation, such as `chat`. */
  readonly operation: string;
  /** The client's address is read from it at the end. */
  readonly request: { readonly ip?: string | undefined };
  readonly userAgent: string | undefined;
}

/** The facts of a request that are collected until its end. */
export interface Facts {
  principal: { readonly keyId: string; readonly name: string; readonly hint: string | undefined } | undefined;
  /** Name that the client gives to the model. */
  model: string | undefined;
  /** Configured model id that matches it. */
  entryId: string | undefined;
  stream: boolean;
  parameters: ChatParameters | undefined;
  /** Monotonic ms: the key is known, the body checked, the request admitted, and taken by a worker for the first time. */
  keyAt: number | undefined;
  bodyAt: number | undefined;
  admittedAt: number | undefined;
  workerAt: number | undefined;
  queueWaitMs: number | undefined;
  /** Time to first token. */
  ttftMs: number | undefined;
  /** Time on the way from the worker, in ms: of the first piece, and of the last one or the error. */
  firstRelayMs: number;
  lastRelayMs: number;
  answered: Answered | undefined;
  resumptions: number;
  /** Number of messages that were left out of the request. */
  droppedMessages: number;
  /** The request gets its own log line. */
  isLogged: boolean;
}

/** The facts at the start of a request. */
export const noFacts = (): Facts => ({
  principal: undefined,
  model: undefined,
  entryId: undefined,
  stream: false,
  parameters: undefined,
  keyAt: undefined,
  bodyAt: undefined,
  admittedAt: undefined,
  workerAt: undefined,
  queueWaitMs: undefined,
  ttftMs: undefined,
  firstRelayMs: 0,
  lastRelayMs: 0,
  answered: undefined,
  resumptions: 0,
  droppedMessages: 0,
  isLogged: true,
});

/** The end of a request. */
export interface Conclusion {
  /** HTTP status that the client got; 499 if it left. */
  readonly status: number;
  readonly outcome: 'complete' | 'error' | 'cancelled' | 'refused';
  readonly code?: ErrorCode;
  /** Text of the error that the client got. */
  readonly message?: string;
  readonly attempts?: number | undefined;
  /** The last failure of an attempt. */
  readonly failure?: Failed['failure'];
  readonly end?: End;
}

export interface ConcludeNeeds {
  readonly metrics: Pick<IngressMetrics, 'requestFinished' | 'streamResumed'>;
  readonly logger: Logger;
  readonly totals: Pick<Totals, 'count'>;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Ends the span of a request, counts it, and writes its log line. Returns the time of its end, in monotonic ms. */
export function conclude(needs: ConcludeNeeds, arrival: Arrival, facts: Facts, conclusion: Conclusion): number {
  const { status, outcome } = conclusion;
  const endedAt = needs.now();
  const durationMs = endedAt - arrival.startedAt;
  needs.totals.count({ durationMs, isError: outcome === 'error' });
  endSpan(arrival.span, facts, conclusion);
  if (facts.resumptions > 0) needs.metrics.streamResumed(outcome);
  needs.metrics.requestFinished({
    model: facts.entryId,
    upstream: facts.answered?.upstream,
    stream: facts.stream,
    outcome,
    status,
    code: conclusion.code,
    durationMs,
    ttftMs: facts.ttftMs,
    inputTokens: conclusion.end?.usage?.prompt_tokens,
    outputTokens: conclusion.end?.usage?.completion_tokens,
    key: facts.principal?.name,
    traceId: arrival.span.sampledTraceId,
  });
  if (facts.isLogged) writeLogLine(needs.logger, durationMs, arrival, facts, conclusion);
  return endedAt;
}

function endSpan(span: SpanHandle, facts: Facts, { status, attempts, end }: Conclusion): void {
  const { answered, ttftMs, queueWaitMs, resumptions } = facts;
  span.set(() => ({
    ...httpResponseAttributes(status),
    ...inferenceResultAttributes({
      upstream: answered?.upstream,
      attempts: attempts ?? answered?.attempts,
      continuations: answered?.continuations,
      inputTokens: end?.usage?.prompt_tokens,
      outputTokens: end?.usage?.completion_tokens,
    }),
    ...courseAttributes({ ttftMs, queueWaitMs, resumptions }),
  }));
  span.end();
}

function writeLogLine(
  logger: Logger,
  durationMs: number,
  arrival: Arrival,
  facts: Facts,
  conclusion: Conclusion,
): void {
  const { principal, parameters, answered, resumptions } = facts;
  const { status, outcome, code, attempts, failure, end } = conclusion;
  logRequest(logger, {
    request_id: arrival.publicId,
    internal_id: arrival.requestId,
    trace_id: arrival.span.traceId,
    key: principal?.hint,
    key_name: principal?.name,
    model: facts.model,
    stream: facts.stream,
    message_count: parameters?.messageCount,
    temperature: parameters?.temperature,
    max_tokens: parameters?.maxTokens,
    status,
    outcome,
    code,
    upstream: answered?.upstream,
    upstream_status: failure?.status,
    failure_kind: failure?.kind,
    attempts: attempts ?? answered?.attempts,
    continuations: answered?.continuations,
    duration_ms: Math.round(durationMs),
    ttft_ms: rounded(facts.ttftMs),
    queue_wait_ms: rounded(facts.queueWaitMs),
    resumptions: resumptions === 0 ? undefined : resumptions,
    burnt_tokens: end?.burntTokens || undefined,
    prompt_tokens: end?.usage?.prompt_tokens,
    completion_tokens: end?.usage?.completion_tokens,
    client_ip: arrival.request.ip,
    user_agent: arrival.userAgent,
  });
}

const rounded = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : Math.round(ms));
