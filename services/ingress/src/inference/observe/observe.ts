import type { Answered, End, ErrorCode, Failed, GatewayError } from '@sluice/protocol';
import {
  httpServerSpan,
  type IngressMetrics,
  principalAttributes,
  type SpanHandle,
  startSpanOf,
} from '@sluice/telemetry';
import type { RequestLog } from '@sluice/records';
import type { Request, Response } from 'express';
import {
  type ChatParameters,
  conclude,
  type ConcludeNeeds,
  type Conclusion,
  type Facts,
  noFacts,
  type Arrival,
} from './conclude.ts';
import { recordOnceClosed } from './record-once-closed.ts';

/** Collects the facts of one request to a model, and writes its span, its metrics and its one log line at the end. */
export interface Observation {
  readonly span: SpanHandle;
  principal(principal: NonNullable<Facts['principal']>): void;
  /** `entryId` is the configured id that matches; the client's own name appears in the log alone. */
  model(model: string, entryId: string, stream: boolean): void;
  /** Parameters of a chat for its log line. */
  asked(parameters: ChatParameters): void;
  /** Number of messages that were left out of the request. */
  dropped(messages: number): void;
  admitted(waitedMs: number): void;
  queued(): void;
  /** `sentAt`: time at which the worker sent its report, in ms since 1970; undefined if none has come. */
  started(sentAt?: number): void;
  answered(answered: Answered): void;
  /** Called with each text for the client; the first call gives the time to first token. `sentAt` returns when its worker sent it. */
  data(sentAt: () => number | undefined): void;
  rerun(reason: ErrorCode, isResumed: boolean): void;
  /** Returns the times of the request so far. */
  course(): Pick<Facts, 'queueWaitMs' | 'ttftMs'>;
  /** `complete`, `failed` and `cancelled` end the observation; calls after the first are ignored. */
  complete(end: End, sentAt?: number): void;
  /** `status` is what the client got: 200 for an error inside a stream. */
  failed(error: GatewayError, facts: FailedFacts): void;
  cancelled(): void;
  /** The operating system has taken the whole answer, although the response stays open. */
  taken(): void;
  /** Suppresses the log line: the request is one of a flood. */
  unlogged(): void;
}

interface FailedFacts {
  readonly attempts?: number | undefined;
  readonly status: number;
  /** The last failure of an attempt. */
  readonly failure?: Failed['failure'];
  /** Time at which a worker sent the error, in ms since 1970. */
  readonly sentAt?: number | undefined;
}

export interface ObserveNeeds extends ConcludeNeeds {
  readonly metrics: Pick<
    IngressMetrics,
    'requestFinished' | 'streamResumed' | 'admitted' | 'queueWaited' | 'resubmitted' | 'refused' | 'clientAborted'
  >;
  /** A client's trace context decides on sampling, and its `tracestate` is passed on. */
  readonly trustTraceContext: boolean;
  /** Takes the logs of requests to the database; absent without one. */
  readonly requestLogs?: { readonly add: (log: RequestLog) => void } | undefined;
}

/** A request to observe. */
export interface Observed {
  readonly request: Request;
  readonly response: Pick<Response, 'once' | 'writableLength'>;
  readonly context: Pick<Arrival, 'requestId' | 'publicId' | 'startedAt'>;
  /** Path of the route: `/v1/chat/completions`. */
  readonly route: string;
  /** Name of the operation, such as `chat`. */
  readonly operation: string;
}

/** Error codes of requests that are refused before any attempt. */
const refusals: ReadonlySet<ErrorCode> = new Set([
  'rate_limit_exceeded',
  'concurrency_limit_exceeded',
  'insufficient_quota',
  'server_overloaded',
  'queue_timeout',
  'redis_unavailable',
  'draining',
]);

export function observe(needs: ObserveNeeds, observed: Observed): Observation {
  const { metrics, requestLogs, now } = needs;
  const { request, response, context, operation } = observed;
  const span = startServerSpan(observed, needs.trustTraceContext);
  const { requestId, publicId, startedAt } = context;
  const userAgent = request.get('user-agent');
  const arrival: Arrival = { span, requestId, publicId, startedAt, operation, request, userAgent };
  const facts = noFacts();
  let queuedAt: number | undefined;
  let isOver = false;
  const recording =
    requestLogs === undefined ? undefined : recordOnceClosed({ requestLogs, response, arrival, facts, now });

  function end(conclusion: Conclusion, sentAt?: number): void {
    isOver = true;
    facts.lastRelayMs = relayMs(sentAt);
    const endedAt = conclude(needs, arrival, facts, conclusion);
    recording?.ended(conclusion, endedAt);
  }

  return {
    span,
    principal(known) {
      facts.principal = known;
      facts.keyAt = now();
      span.set(principalAttributes(known.name));
    },
    model(name, entryId, stream) {
      facts.model = name;
      facts.entryId = entryId;
      facts.stream = stream;
      facts.bodyAt = now();
    },
    asked: (parameters) => void (facts.parameters = parameters),
    dropped: (messages) => void (facts.droppedMessages = messages),
    admitted(waitedMs) {
      facts.admittedAt = now();
      metrics.admitted(waitedMs, span.sampledTraceId);
    },
    queued: () => void (queuedAt = now()),
    started(sentAt) {
      const at = now();
      facts.workerAt ??= at - relayMs(sentAt);
      facts.queueWaitMs = at - (queuedAt ?? startedAt);
      metrics.queueWaited(facts.queueWaitMs, span.sampledTraceId);
    },
    answered: (answered) => void (facts.answered = answered),
    data(sentAt) {
      if (facts.ttftMs !== undefined) return;
      facts.ttftMs = now() - startedAt;
      facts.firstRelayMs = relayMs(sentAt());
    },
    rerun(reason, isResumed) {
      metrics.resubmitted(reason);
      if (isResumed) facts.resumptions += 1;
      queuedAt = now();
    },
    course: () => facts,
    complete(last, sentAt) {
      if (!isOver) end({ status: 200, outcome: 'complete', end: last }, sentAt);
    },
    failed(error, { attempts, failure, status, sentAt }) {
      if (isOver) return;
      const { code, message } = error;
      if (refusals.has(code)) metrics.refused(code, facts.principal?.name);
      span.fail({ code, message });
      const outcome = refusals.has(code) ? 'refused' : 'error';
      end({ status, outcome, code, message, attempts, failure }, sentAt);
    },
    cancelled() {
      if (isOver) return;
      metrics.clientAborted();
      end({ status: 499, outcome: 'cancelled' });
    },
    taken: () => recording?.taken(),
    unlogged: () => void (facts.isLogged = false),
  };
}

/** Returns the time (ms) that a frame has been on its way; 0 if a worker's clock is ahead. */
const relayMs = (sentAt: number | undefined): number => (sentAt === undefined ? 0 : Math.max(0, Date.now() - sentAt));

function startServerSpan({ request, context, route }: Observed, trustTraceContext: boolean): SpanHandle {
  return startSpanOf(
    () =>
      httpServerSpan({
        method: request.method,
        route,
        path: `${request.baseUrl}${request.path}`,
        requestId: context.publicId,
        userAgent: request.get('user-agent'),
        clientAddress: request.ip,
      }),
    {
      parent: {
        traceparent: request.get('traceparent'),
        tracestate: trustTraceContext ? request.get('tracestate') : undefined,
      },
      isParentForeign: !trustTraceContext,
    },
  );
}
