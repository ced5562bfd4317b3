import type { Config } from '@sluice/config';
import { estimatePrompt, targetName } from '@sluice/policy';
import type { Answered, UpstreamRequest, Usage } from '@sluice/protocol';
import { splitUsage } from '@sluice/records';
import { httpResponseAttributes, type SpanHandle, type WorkerMetrics } from '@sluice/telemetry';
import type { AnswerSink } from '../answer/answer-sink.ts';
import type { ClaimedRun } from '../run/claimed-run.ts';
import { callUpstream } from '../upstream.ts';
import type { AccountNeeds } from './account.ts';
import type { Arrived } from './account-attempt.ts';
import type { AttemptResult } from './attempt-result.ts';
import type { BatchCalls } from './batch-calls.ts';
import type { ChosenAttempt } from './chosen-attempt.ts';
import { inputTokensOf } from './input-tokens.ts';
import { type BegunCall, billSoFar, keepOpen } from './keep-open.ts';
import { logDetail, type RunLogger } from './log-attempt.ts';
import type { OpenCallNeeds, OpenedCall } from './open-call.ts';
import { withTraceContext } from './trace-attempt.ts';

export interface MakeCallNeeds
  extends Pick<OpenCallNeeds, 'clientOf'>, Pick<AccountNeeds, 'openAttempts' | 'pricing' | 'promptScale'> {
  readonly metrics: Pick<WorkerMetrics, 'chunkGap'>;
  readonly timeouts: Pick<Config['timeouts'], 'firstTokenMs' | 'idleMs'>;
  readonly limits: Pick<Config['worker'], 'maxEventBytes' | 'maxBodyBytes'>;
  readonly logger: Pick<RunLogger, 'debug' | 'isLevelEnabled'>;
  readonly now: () => number;
}

/** The run and the attempt of a call, and the sink that takes its answer. */
interface CallOwners {
  readonly claimedRun: ClaimedRun;
  readonly chosen: ChosenAttempt;
  readonly sink: AnswerSink;
}

/** A call that can be made. */
export interface ReadyCall {
  readonly opened: Extract<OpenedCall, { kind: 'ready' }>;
  /** Calls that the preparation made, which are billed by themselves. */
  readonly batches: Pick<BatchCalls, 'last' | 'count'>;
  /** Time at which the key was available, ms since 1970. */
  readonly calledAtMs: number;
  readonly onThrow: (error: unknown) => void;
  readonly span: SpanHandle;
  /** Fields that identify the attempt in the log. */
  readonly ids: () => object;
}

/** The result of a call, and what has arrived until its end; undefined if no call was made. */
export interface CalledAnswer {
  readonly ended: AttemptResult;
  readonly called: { readonly arrival: Arrived; readonly promptTokens: () => number } | undefined;
}

/** Makes the attempt's own call, and keeps its ledger entry for the case that this process dies. */
export async function makeCall(
  needs: MakeCallNeeds,
  facts: CallOwners,
  { opened, batches, span, ids, calledAtMs, onThrow }: ReadyCall,
): Promise<CalledAnswer> {
  const { metrics, logger, timeouts, limits, clientOf, now } = needs;
  const { claimedRun, chosen, sink } = facts;
  const { upstream, adapter } = chosen.target;
  const { request, body, plan } = opened;
  const begunAt = now();
  const name = targetName(chosen.target);
  const estimated = kept(() =>
    batches.count > 0 ? inputTokensOf(request.body) : estimatePrompt(claimedRun.job.operation, chosen.body),
  );
  const promptTokens = (): number => needs.promptScale.correct(name, estimated());
  let begun: BegunCall | undefined;
  let called: CalledAnswer['called'];
  logDetail(logger, 'provider called', () => ({ ...ids(), ...describeRequest(request) }));
  const ended = await callUpstream({
    client: clientOf(upstream),
    now,
    ...timeouts,
    ...limits,
    adapter,
    request: withTraceContext(request, span.carrier()),
    body,
    plan,
    sink,
    signal: claimedRun.active.signal,
    onHold: claimedRun.active.onHold,
    wholeMs: chosen.wholeMs,
    remainingMs: claimedRun.remainingMs(),
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
    prompt: () => (begun === undefined || needs.openAttempts === undefined ? undefined : promptOf(chosen, begun)),
    onCalled(arrival) {
      begun = { startedAtMs: calledAtMs, promptTokens, arrival };
      keepOpen(needs, facts, begun);
    },
    onSettled(arrived) {
      const { answeredAt } = arrived;
      const ttftMs = answeredAt === undefined ? undefined : answeredAt - begunAt;
      called = { arrival: { ...arrived, ttftMs }, promptTokens };
    },
    onThrow,
  });
  if (ended.kind === 'complete' && needs.openAttempts !== undefined) {
    needs.promptScale.observe(name, estimated(), toldPrompt(batches.last?.usage ?? ended.summary.usage));
  }
  return { ended, called };
}

function promptOf(chosen: ChosenAttempt, begun: BegunCall): Answered['prompt'] {
  const { fresh, cacheRead, cacheWrite } = billSoFar(chosen, begun).tokens;
  return { fresh, cacheRead, cacheWrite };
}

/** Returns the tokens of the prompt as the provider told them; 0 if it did not. */
function toldPrompt(usage: Usage | undefined): number {
  if (usage === undefined) return 0;
  const { fresh, cacheRead, cacheWrite } = splitUsage(usage);
  return fresh + cacheRead + cacheWrite;
}

/** Returns a function that computes a value at its first call, and keeps it. */
function kept(compute: () => number): () => number {
  let value: number | undefined;
  return () => (value ??= compute());
}

/** Describes a call for the log, without query and body, because they may contain an access token and the prompt. */
function describeRequest({ method, url, body }: UpstreamRequest): object {
  const { origin, pathname } = new URL(url);
  return { method, url: origin + pathname, body_bytes: body === undefined ? 0 : Buffer.byteLength(body) };
}
