import type { Config } from '@sluice/config';
import { targetName } from '@sluice/policy';
import type { UpstreamFailure, UpstreamRequest } from '@sluice/protocol';
import type { ChatBody } from '@sluice/providers';
import {
  attemptSpan,
  type Carrier,
  httpResponseAttributes,
  type SpanHandle,
  type SpanShape,
  startSpan,
  startSpanOf,
  tokenSpan,
  type WorkerMetrics,
} from '@sluice/telemetry';
import type { ImageFetcher } from '@sluice/upstream';
import type { AnswerSink } from './answer/answer-sink.ts';
import { attempt, type AttemptResult } from './upstream.ts';
import type { Execution } from './run/claimed-run.ts';
import { type CallFacts, openCall, type OpenCallNeeds, type OpenedCall, type OpenedKey } from './attempt/open-call.ts';
import { idsOf, logDetail, type RunLogger } from './attempt/log-attempt.ts';
import { redactFailure } from './attempt/redact-failure.ts';
import type { Credential, Target } from './targets/targets.ts';

/** One attempt of a run: its target, credential and request. */
export interface ChosenAttempt {
  readonly target: Target;
  readonly credentialId: string;
  /** This attempt decides whether the target's circuit closes. */
  readonly isProbe: boolean;
  /** The request as far as this target can serve it, with what is to be written on. */
  readonly body: ChatBody;
  /** The provider is to answer with a stream. */
  readonly stream: boolean;
  /** Number of this attempt within its request, the first is 1. */
  readonly number: number;
  /** For an answer in one piece; Infinity: until the deadline. */
  readonly wholeMs: number;
}

/** State that the attempts of one run share. */
export interface AttemptMemory {
  readonly images: Pick<ImageFetcher, 'fetch'>;
  /** Results of attempts that a later one at the same target can use, by the target's name. */
  readonly notes: Map<string, Readonly<Record<string, string>>>;
}

export interface AttemptSeams {
  readonly memory: AttemptMemory;
  readonly sink: AnswerSink;
  /** Called for each call that the preparation makes. */
  readonly onCall: () => void;
}

/** The result of an attempt; `failure` is free of secrets. */
export type Attempted = AttemptResult & {
  /** False if no call was made to the target. */
  readonly wasCalled: boolean;
  /** The provider refused an access token: it can be renewed. */
  readonly isTokenRefused: boolean;
};

export type MakeAttempt = (execution: Execution, chosen: ChosenAttempt, seams: AttemptSeams) => Promise<Attempted>;

export interface MakeAttemptNeeds extends Omit<OpenCallNeeds, 'stepMs' | 'maxBodyBytes'> {
  readonly metrics: Pick<WorkerMetrics, 'attemptEnded' | 'tokensBurnt' | 'chunkGap'>;
  readonly timeouts: Pick<Config['timeouts'], 'firstTokenMs' | 'idleMs'>;
  readonly limits: Pick<Config['worker'], 'maxEventBytes' | 'maxBodyBytes'>;
  readonly logger: Pick<RunLogger, 'debug' | 'isLevelEnabled'>;
  readonly onError: (error: unknown) => void;
  /** Called with the error that an adapter threw, and its place. */
  readonly onThrow: (error: unknown, where: ThrownFacts) => void;
  readonly now: () => number;
}

export interface ThrownFacts {
  readonly requestId: string;
  readonly upstream: string;
  readonly model: string;
  /** Must not get into the log. */
  readonly secrets: readonly string[];
}

/** Opens a call and makes it; sees to its span, its metrics and its credential's load. */
export function createMakeAttempt(needs: MakeAttemptNeeds): MakeAttempt {
  const opening = { ...needs, stepMs: needs.timeouts.firstTokenMs, maxBodyBytes: needs.limits.maxBodyBytes };
  return async (execution, chosen, seams) => {
    const { credential, giveBack } = chosen.target.pool.take(chosen.credentialId);
    try {
      return await attemptAs(opening, execution, { chosen, credential, ...seams });
    } finally {
      giveBack();
    }
  };
}

interface AttemptFacts extends AttemptSeams {
  readonly chosen: ChosenAttempt;
  readonly credential: Credential;
}

async function attemptAs(
  needs: MakeAttemptNeeds & OpenCallNeeds,
  execution: Execution,
  facts: AttemptFacts,
): Promise<Attempted> {
  const { chosen, credential, sink } = facts;
  const { target } = chosen;
  const askedAtMs = Date.now();
  let calledAtMs = askedAtMs;
  let key: OpenedKey | undefined;
  let calls = 0;
  const secrets = (): string[] => [
    ...(key?.apiKey === undefined ? [] : [key.apiKey]),
    ...(target.adapter.secrets ?? []),
    ...target.secrets,
  ];
  const onThrow = once((error: unknown) => {
    const { upstream, model } = target;
    needs.onThrow(error, { requestId: execution.job.requestId, upstream, model, secrets: secrets() });
  });
  const opened = await openCall(needs, {
    execution,
    target,
    credential,
    body: chosen.body,
    stream: chosen.stream,
    ...notesOf(facts),
    onKey(taken) {
      key = taken;
      calledAtMs = Date.now();
      traceToken(execution, chosen, { key: taken, askedAtMs, calledAtMs });
    },
    onCall() {
      calls++;
      facts.onCall();
    },
    onThrow,
  });
  const ids = (): object => ({ ...idsOf(execution), attempt: chosen.number, target: targetName(target) });
  if (opened.kind === 'ready') {
    logDetail(needs.logger, 'provider called', () => ({ ...ids(), ...describeRequest(opened.request) }));
  }
  const span = startSpanOf(() => spanOf(chosen, opened), { parent: execution.span, startTimeMs: calledAtMs });
  const result: AttemptResult =
    opened.kind === 'ready'
      ? await attempt({
          client: needs.clientOf(target.upstream),
          now: needs.now,
          ...needs.timeouts,
          ...needs.limits,
          adapter: target.adapter,
          request: withTraceContext(opened.request, span.carrier()),
          body: opened.body,
          plan: opened.plan,
          sink,
          signal: execution.run.signal,
          onHold: execution.run.onHold,
          wholeMs: chosen.wholeMs,
          remainingMs: execution.remainingMs(),
          onGap: (gapMs) => needs.metrics.chunkGap(target.upstream, gapMs, span.sampledTraceId),
          onHead(head) {
            span.set(httpResponseAttributes(head.status));
            logDetail(needs.logger, 'provider answers', () => ({
              ...ids(),
              status: head.status,
              content_type: head.headers['content-type'],
              after_ms: Date.now() - calledAtMs,
            }));
          },
          onThrow,
        })
      : { ...opened, events: 0, received: 0, wasResent: false };
  const { token } = key ?? {};
  const isTokenRefused = isRefusal(result) && token !== undefined;
  if (isTokenRefused) await needs.tokens?.refuse(token.credential, token.version).catch(needs.onError);
  const redacted = redact(result, secrets);
  recordEnd(needs, { target, result: redacted, span });
  logDetail(needs.logger, 'attempt ended', () => ({
    ...ids(),
    outcome: outcomes[result.kind],
    finish_reason: result.kind === 'complete' ? result.summary.finishReason : undefined,
    events: result.events,
    duration_ms: Date.now() - calledAtMs,
  }));
  return { ...redacted, wasCalled: opened.kind === 'ready' || calls > 0, isTokenRefused };
}

/** Describes a call for the log, without its query and body: they may hold a token and the prompt. */
function describeRequest({ method, url, body }: UpstreamRequest): object {
  const { origin, pathname } = new URL(url);
  return { method, url: origin + pathname, body_bytes: body === undefined ? 0 : Buffer.byteLength(body) };
}

/** An adapter that has thrown once often throws again while the attempt ends: only the first error is told. */
function once(tell: (error: unknown) => void): (error: unknown) => void {
  let isTold = false;
  return (error) => {
    if (!isTold) tell(error);
    isTold = true;
  };
}

function notesOf({ memory, chosen: { target } }: AttemptFacts): Pick<CallFacts, 'images' | 'notes' | 'keepNotes'> {
  const name = targetName(target);
  return {
    images: memory.images,
    notes: memory.notes.get(name),
    keepNotes: (notes) => void memory.notes.set(name, notes),
  };
}

interface TokenTimes {
  readonly key: OpenedKey;
  readonly askedAtMs: number;
  readonly calledAtMs: number;
}

/** A span for an access token that had to be waited for. */
function traceToken({ span }: Execution, chosen: ChosenAttempt, { key, askedAtMs, calledAtMs }: TokenTimes): void {
  const { token } = key;
  if (token === undefined || token.origin === 'stored') return;
  const { upstream } = chosen.target;
  const shape = tokenSpan({ upstream, credentialId: chosen.credentialId, origin: token.origin });
  startSpan({ ...shape, parent: span, startTimeMs: askedAtMs }).end(calledAtMs);
}

function spanOf({ target, number, credentialId }: ChosenAttempt, opened: OpenedCall): SpanShape {
  const request = opened.kind === 'ready' ? opened.request : { method: 'POST', url: target.baseUrl };
  const { method, url } = request;
  return attemptSpan({ method, url, resendCount: number - 1, upstream: target.upstream, credentialId });
}

interface EndedAttempt {
  readonly target: Target;
  readonly result: AttemptResult;
  readonly span: SpanHandle;
}

function recordEnd({ metrics }: MakeAttemptNeeds, { target, result, span }: EndedAttempt): void {
  if (result.kind === 'aborted') span.fail({ code: 'cancelled', message: 'the call was not wanted any more' });
  if (result.kind === 'failed') span.fail({ code: result.failure.kind, message: result.failure.message });
  span.end();
  metrics.attemptEnded(target.upstream, outcomes[result.kind]);
  if (result.kind === 'failed') metrics.tokensBurnt(target.upstream, result.received);
}

const isRefusal = (result: AttemptResult): boolean =>
  result.kind === 'failed' && result.failure.kind === 'authentication' && result.events === 0;

/** The client's `tracestate` may hold internals of the client: it goes no further. */
function withTraceContext(request: UpstreamRequest, { traceparent }: Carrier): UpstreamRequest {
  if (traceparent === undefined) return request;
  return { ...request, headers: { ...request.headers, traceparent } };
}

const outcomes = { complete: 'complete', failed: 'error', aborted: 'cancelled' } as const;

function redact(result: AttemptResult, secrets: () => readonly string[]): AttemptResult {
  if (result.kind !== 'failed') return result;
  return { ...result, failure: redactFailure(withSaneNumbers(result.failure), secrets()) };
}

/** Numbers of a provider are input: a `retryAfterMs` that is no time is dropped. */
function withSaneNumbers(failure: UpstreamFailure): UpstreamFailure {
  const { retryAfterMs } = failure;
  const isSane = retryAfterMs === undefined || (Number.isFinite(retryAfterMs) && retryAfterMs >= 0);
  return { ...failure, retryAfterMs: isSane ? retryAfterMs : undefined };
}
