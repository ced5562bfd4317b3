import { blameOf } from '@sluice/protocol';
import type { RequestLog } from '@sluice/records';
import { redactSecrets } from '@sluice/telemetry';
import type { Arrival, Conclusion, Facts } from './conclude.ts';
import { toTimeline } from './timeline.ts';

export interface EndedRequest {
  readonly arrival: Arrival;
  readonly facts: Facts;
  readonly conclusion: Conclusion;
  /** Monotonic ms: the end is known; the operating system has taken the last byte for the client, or the client has left. */
  readonly endedAt: number;
  readonly closedAt: number;
  /** Milliseconds since 1970. */
  readonly arrivedAt: number;
}

/** Longest text of a client or a provider that is kept, in characters. */
const longestText = 500;
/** Length up to which secrets are searched, so that none is cut before it is found. */
const longestRead = 4000;

const textOf = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : redactSecrets(text.slice(0, longestRead)).slice(0, longestText);

/** Returns the request log of a request whose response is closed. */
export function toRequestLog({ arrival, facts, conclusion, endedAt, closedAt, arrivedAt }: EndedRequest): RequestLog {
  const { startedAt } = arrival;
  const { principal, answered, ttftMs } = facts;
  const { status, outcome, code, message, attempts } = conclusion;
  const { timeline, durationMs } = toTimeline({
    arrivedAt: startedAt,
    keyAt: facts.keyAt,
    bodyAt: facts.bodyAt,
    admittedAt: facts.admittedAt,
    workerAt: facts.workerAt,
    firstAt: ttftMs === undefined ? undefined : startedAt + ttftMs,
    firstRelayMs: facts.firstRelayMs,
    lastRelayMs: facts.lastRelayMs,
    endedAt,
    closedAt,
  });
  return {
    id: arrival.requestId,
    publicId: arrival.publicId,
    traceId: arrival.span.traceId,
    operation: arrival.operation,
    arrivedAt,
    durationMs,
    timeline,
    status,
    outcome,
    keyId: principal?.keyId,
    keyName: principal?.name,
    model: textOf(facts.model),
    stream: facts.stream,
    code,
    error: textOf(message),
    blame: code === undefined ? undefined : blameOf(code),
    upstream: answered?.upstream,
    attempts: attempts ?? answered?.attempts,
    resumptions: facts.resumptions || undefined,
    continuations: conclusion.end?.continuations ?? answered?.continuations,
    droppedMessages: facts.droppedMessages || undefined,
    clientAddress: arrival.request.ip,
    userAgent: textOf(arrival.userAgent),
  };
}
