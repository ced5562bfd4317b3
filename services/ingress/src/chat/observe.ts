import type { Answered, End, ErrorCode, Failed, GatewayError } from '@sluice/protocol';
import {
  courseAttributes,
  httpResponseAttributes,
  httpServerSpan,
  inferenceResultAttributes,
  type IngressMetrics,
  type Logger,
  logRequest,
  principalAttributes,
  type SpanHandle,
  startSpanOf,
} from '@sluice/telemetry';
import type { Request } from 'express';
import type { Principal, RequestContext } from '../context.ts';
import type { Totals } from '../totals.ts';

/** Gathers what is worth knowing of one request to a model; writes its span, its metrics and its one log line at the end. */
export interface Observation {
  readonly span: SpanHandle;
  principal(principal: Principal): void;
  /** `entryId` is the configured id that matched; the client's own name goes to the log alone. */
  model(model: string, entryId: string, stream: boolean): void;
  /** Parameters of a chat for its log line. */
  asked(parameters: ChatParameters): void;
  admitted(waitedMs: number): void;
  queued(): void;
  started(): void;
  answered(answered: Answered): void;
  /** Text for the client has come; the first time counts. */
  data(): void;
  rerun(reason: ErrorCode, isResumed: boolean): void;
  /** The first of these ends it; what follows is ignored. */
  complete(end: End): void;
  /** `status` is what the client saw: 200 when the error came inside a stream. */
  failed(error: GatewayError, facts: FailedFacts): void;
  cancelled(): void;
  /** One of a flood: it ends without a line of its own in the log. */
  unlogged(): void;
}

/** Parameters of a chat for its log line; undefined where the client set none. */
export interface ChatParameters {
  readonly messageCount: number;
  readonly temperature: number | undefined;
  readonly maxTokens: number | undefined;
}

interface FailedFacts {
  readonly attempts?: number | undefined;
  readonly status: number;
  /** The last failure of a call. */
  readonly failure?: Failed['failure'];
}

export interface ObserveNeeds {
  readonly metrics: IngressMetrics;
  readonly logger: Logger;
  readonly totals: Totals;
  /** Let a client's trace context decide on sampling, and pass its `tracestate` on. */
  readonly trustTraceContext: boolean;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** The request that is observed. */
export interface Observed {
  readonly request: Request;
  readonly context: RequestContext;
  /** As in `/v1/chat/completions`. */
  readonly route: string;
}

/** Codes with which a request is turned away before any upstream is asked. */
const refusals: ReadonlySet<ErrorCode> = new Set([
  'rate_limit_exceeded',
  'concurrency_limit_exceeded',
  'server_overloaded',
  'queue_timeout',
  'redis_unavailable',
  'draining',
]);

export function observe(
  { metrics, logger, totals, trustTraceContext, now }: ObserveNeeds,
  { request, context, route }: Observed,
): Observation {
  const { startedAt, requestId, publicId } = context;
  const userAgent = request.get('user-agent');
  const span = startSpanOf(
    () =>
      httpServerSpan({
        method: request.method,
        route,
        path: request.path,
        requestId: publicId,
        userAgent,
        clientAddress: request.ip,
      }),
    {
      parent: {
        traceparent: request.get('traceparent'),
        tracestate: trustTraceContext ? request.get('tracestate') : undefined,
      },
      isParentStranger: !trustTraceContext,
    },
  );
  let principal: Principal | undefined;
  let model: string | undefined;
  let entryId: string | undefined;
  let stream = false;
  let parameters: ChatParameters | undefined;
  let queuedAt: number | undefined;
  let queueWaitMs: number | undefined;
  let ttftMs: number | undefined;
  let answered: Answered | undefined;
  let resumptions = 0;
  let isOver = false;
  let isLogged = true;

  interface Conclusion {
    readonly status: number;
    readonly outcome: 'complete' | 'error' | 'cancelled' | 'refused';
    readonly code?: ErrorCode;
    readonly attempts?: number | undefined;
    readonly failure?: Failed['failure'];
    readonly end?: End;
  }

  function conclude({ status, outcome, code, attempts, failure, end }: Conclusion): void {
    isOver = true;
    const durationMs = now() - startedAt;
    totals.count({ durationMs, isError: outcome === 'error' });
    const promptTokens = end?.usage?.prompt_tokens;
    const completionTokens = end?.usage?.completion_tokens;
    span.set(() => ({
      ...httpResponseAttributes(status),
      ...inferenceResultAttributes({
        upstream: answered?.upstream,
        attempts: attempts ?? answered?.attempts,
        continuations: answered?.continuations,
        inputTokens: promptTokens,
        outputTokens: completionTokens,
      }),
      ...courseAttributes({ ttftMs, queueWaitMs, resumptions }),
    }));
    span.end();
    if (resumptions > 0) metrics.streamResumed(outcome);
    metrics.requestFinished({
      model: entryId,
      upstream: answered?.upstream,
      stream,
      outcome,
      status,
      code,
      durationMs,
      ttftMs,
      inputTokens: promptTokens,
      outputTokens: completionTokens,
      key: principal?.name,
      traceId: span.sampledTraceId,
    });
    if (!isLogged) return;
    logRequest(logger, {
      request_id: publicId,
      internal_id: requestId,
      trace_id: span.traceId,
      key: principal?.hint,
      key_name: principal?.name,
      model,
      stream,
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
      ttft_ms: rounded(ttftMs),
      queue_wait_ms: rounded(queueWaitMs),
      resumptions: resumptions === 0 ? undefined : resumptions,
      burnt_tokens: end?.burntTokens || undefined,
      prompt_tokens: promptTokens,
      completion_tokens: completionTokens,
      client_ip: request.ip,
      user_agent: userAgent,
    });
  }

  return {
    span,
    principal(known) {
      principal = known;
      span.set(principalAttributes(known.name));
    },
    model(name, entry, isStream) {
      model = name;
      entryId = entry;
      stream = isStream;
    },
    asked(known) {
      parameters = known;
    },
    admitted: (waitedMs) => metrics.admitted(waitedMs, span.sampledTraceId),
    queued() {
      queuedAt = now();
    },
    started() {
      queueWaitMs = now() - (queuedAt ?? startedAt);
      metrics.queueWaited(queueWaitMs, span.sampledTraceId);
    },
    answered(known) {
      answered = known;
    },
    data() {
      ttftMs ??= now() - startedAt;
    },
    rerun(reason, isResumed) {
      metrics.resubmitted(reason);
      if (isResumed) resumptions += 1;
      queuedAt = now();
    },
    complete(end) {
      if (!isOver) conclude({ status: 200, outcome: 'complete', end });
    },
    failed(error, { attempts, failure, status }) {
      if (isOver) return;
      const { code, message } = error;
      if (refusals.has(code)) metrics.refused(code, principal?.name);
      span.fail({ code, message });
      conclude({ status, outcome: refusals.has(code) ? 'refused' : 'error', code, attempts, failure });
    },
    cancelled() {
      if (isOver) return;
      metrics.clientAborted();
      conclude({ status: 499, outcome: 'cancelled' });
    },
    unlogged() {
      isLogged = false;
    },
  };
}

const rounded = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : Math.round(ms));
