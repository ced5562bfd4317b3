import type { Config } from '@sluice/config';
import { targetName } from '@sluice/policy';
import type { UpstreamFailure, UpstreamRequest } from '@sluice/protocol';
import { httpResponseAttributes, type SpanHandle, type WorkerMetrics } from '@sluice/telemetry';
import type { ImageFetcher } from '@sluice/upstream';
import type { AnswerSink } from './answer/answer-sink.ts';
import type { ChosenAttempt, ThrownFacts } from './attempt/chosen-attempt.ts';
import { type AttemptResult, withoutCall } from './attempt/attempt-result.ts';
import { idsOf, logDetail, type RunLogger } from './attempt/log-attempt.ts';
import { type CallFacts, openCall, type OpenCallNeeds, type OpenedCall, type OpenedKey } from './attempt/open-call.ts';
import { redactFailure } from './attempt/redact-failure.ts';
import { endAttemptSpan, startAttemptSpan, traceToken, withTraceContext } from './attempt/trace-attempt.ts';
import type { Execution } from './run/claimed-run.ts';
import type { Credential } from './targets/targets.ts';
import { callUpstream } from './upstream.ts';

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

export type MakeAttempt = (execution: Execution, chosen: ChosenAttempt, seams: AttemptSeams) => Promise<AttemptResult>;

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

/** Opens a call and makes it; sees to its span, its metrics and its credential's load. */
export function createMakeAttempt(needs: MakeAttemptNeeds): MakeAttempt {
  const opening = { ...needs, stepMs: needs.timeouts.firstTokenMs, maxBodyBytes: needs.limits.maxBodyBytes };
  return async (execution, chosen, seams) => {
    const { credential, giveBack } = chosen.target.pool.take(chosen.credentialId);
    try {
      return await attemptAs(opening, { execution, chosen, credential, ...seams });
    } finally {
      giveBack();
    }
  };
}

interface AttemptFacts extends AttemptSeams {
  readonly execution: Execution;
  readonly chosen: ChosenAttempt;
  readonly credential: Credential;
}

async function attemptAs(needs: MakeAttemptNeeds & OpenCallNeeds, facts: AttemptFacts): Promise<AttemptResult> {
  const { execution, chosen } = facts;
  const { target } = chosen;
  const opening = await open(needs, facts);
  const { opened, calledAtMs, key } = opening;
  const ids = (): object => ({ ...idsOf(execution), attempt: chosen.number, target: targetName(target) });
  const span = startAttemptSpan(execution, chosen, opening);
  const ended =
    opened.kind === 'ready' ? await call(needs, facts, { ...opening, opened, span, ids }) : withoutCall(opened);
  const { token } = key ?? {};
  const isTokenRefused = isRefusal(ended) && token !== undefined;
  if (isTokenRefused) await needs.tokens?.refuse(token.credential, token.version).catch(needs.onError);
  const wasCalled = ended.wasCalled || opening.calls > 0;
  const result = { ...withoutSecrets(ended, opening.secrets), wasCalled, isTokenRefused };
  endAttemptSpan(span, result);
  needs.metrics.attemptEnded(target.upstream, outcomes[result.kind]);
  if (result.kind === 'failed') needs.metrics.tokensBurnt(target.upstream, result.received);
  logDetail(needs.logger, 'attempt ended', () => ({
    ...ids(),
    outcome: outcomes[result.kind],
    finish_reason: result.kind === 'complete' ? result.summary.finishReason : undefined,
    events: result.events,
    duration_ms: Date.now() - calledAtMs,
  }));
  return result;
}

const outcomes = { complete: 'complete', failed: 'error', aborted: 'cancelled' } as const;

const isRefusal = (result: AttemptResult): boolean =>
  result.kind === 'failed' && result.failure.kind === 'authentication' && result.events === 0;

/** A call that was opened, or why it was not, and the findings on the way. */
interface Opening {
  readonly opened: OpenedCall;
  /** Undefined if no key or access token could be had. */
  readonly key: OpenedKey | undefined;
  /** Number of calls that the preparation made. */
  readonly calls: number;
  /** Time at which the key was there, ms since 1970. */
  readonly calledAtMs: number;
  readonly secrets: () => readonly string[];
  readonly onThrow: (error: unknown) => void;
}

async function open(needs: MakeAttemptNeeds & OpenCallNeeds, facts: AttemptFacts): Promise<Opening> {
  const { execution, chosen, credential } = facts;
  const { target } = chosen;
  const { upstream, model, adapter } = target;
  const askedAtMs = Date.now();
  let calledAtMs = askedAtMs;
  let key: OpenedKey | undefined;
  let calls = 0;
  const secrets = (): readonly string[] => [
    ...(key?.apiKey === undefined ? [] : [key.apiKey]),
    ...(adapter.secrets ?? []),
    ...target.secrets,
  ];
  const onThrow = once((error: unknown) => {
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
  return { opened, key, calls, calledAtMs, secrets, onThrow };
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

interface ReadyCall extends Pick<Opening, 'calledAtMs' | 'onThrow'> {
  readonly opened: Extract<OpenedCall, { kind: 'ready' }>;
  readonly span: SpanHandle;
  /** Fields that name the attempt in the log. */
  readonly ids: () => object;
}

function call(
  { metrics, logger, timeouts, limits, clientOf, now }: MakeAttemptNeeds,
  { execution, chosen, sink }: AttemptFacts,
  { opened, span, ids, calledAtMs, onThrow }: ReadyCall,
): Promise<AttemptResult> {
  const { upstream, adapter } = chosen.target;
  const { request, body, plan } = opened;
  logDetail(logger, 'provider called', () => ({ ...ids(), ...describeRequest(request) }));
  return callUpstream({
    client: clientOf(upstream),
    now,
    ...timeouts,
    ...limits,
    adapter,
    request: withTraceContext(request, span.carrier()),
    body,
    plan,
    sink,
    signal: execution.active.signal,
    onHold: execution.active.onHold,
    wholeMs: chosen.wholeMs,
    remainingMs: execution.remainingMs(),
    onGap: (gapMs) => metrics.chunkGap(upstream, gapMs, span.sampledTraceId),
    onHead(head) {
      span.set(httpResponseAttributes(head.status));
      logDetail(logger, 'provider answers', () => ({
        ...ids(),
        status: head.status,
        content_type: head.headers['content-type'],
        after_ms: Date.now() - calledAtMs,
      }));
    },
    onThrow,
  });
}

/** Describes a call for the log, without its query and body: they may hold a token and the prompt. */
function describeRequest({ method, url, body }: UpstreamRequest): object {
  const { origin, pathname } = new URL(url);
  return { method, url: origin + pathname, body_bytes: body === undefined ? 0 : Buffer.byteLength(body) };
}

function withoutSecrets(result: AttemptResult, secrets: () => readonly string[]): AttemptResult {
  if (result.kind !== 'failed') return result;
  return { ...result, failure: redactFailure(withSaneNumbers(result.failure), secrets()) };
}

/** Numbers of a provider are input: a `retryAfterMs` that is no time is dropped. */
function withSaneNumbers(failure: UpstreamFailure): UpstreamFailure {
  const { retryAfterMs } = failure;
  const isSane = retryAfterMs === undefined || (Number.isFinite(retryAfterMs) && retryAfterMs >= 0);
  return { ...failure, retryAfterMs: isSane ? retryAfterMs : undefined };
}
