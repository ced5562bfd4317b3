import { randomUUID } from 'node:crypto';
import type { UpstreamHealth } from '@sluice/admission';
import type { Config } from '@sluice/config';
import type { Delivered, UpstreamRequest } from '@sluice/protocol';
import type { CallPlan, ChatBody, ProviderAdapter } from '@sluice/providers';
import {
  attemptSpan,
  type Carrier,
  firstChunkEvent,
  httpResponseAttributes,
  redactSecrets,
  startSpan,
  type WorkerMetrics,
} from '@sluice/telemetry';
import { createStitch, type RescueMode, withPrefill } from '@sluice/rescue';
import type { ImageFetcher, UpstreamClient } from '@sluice/upstream';
import { attempt, type AttemptResult } from './attempt.ts';
import type { Execution } from './execute.ts';
import { loadImages } from './load-images.ts';
import { prepare, type PrepareResult } from './prepare.ts';
import type { Target } from './targets.ts';

/** One call of a run: to whom, as whom. */
export interface ChosenCall {
  readonly target: Target;
  /** The request as far as this target can serve it. */
  readonly body: ChatBody;
  readonly credentialId: string;
  /** This call decides whether the target's circuit closes. */
  readonly isProbe: boolean;
  /** The target has failed lately. */
  readonly hasFailures: boolean;
  /** Upstream calls of this request, this one included. */
  readonly attempts: number;
  /** How to go on with what the client has; undefined for a first answer. */
  readonly rescue: RescueMode | undefined;
}

/** Makes one call, passes its answer to the client and sees to its span, its metrics and its credential's load. */
export type CallTarget = (execution: Execution, call: ChosenCall) => Promise<AttemptResult>;

export interface CallTargetNeeds {
  readonly client: UpstreamClient;
  readonly images: ImageFetcher;
  readonly health: UpstreamHealth;
  readonly metrics: WorkerMetrics;
  readonly timeouts: Pick<Config['timeouts'], 'firstTokenMs' | 'idleMs'>;
  readonly limits: Pick<Config['worker'], 'maxEventBytes' | 'maxBodyBytes'>;
  readonly onError: (error: unknown) => void;
  readonly now: () => number;
}

export function createCallTarget(needs: CallTargetNeeds): CallTarget {
  return async (execution, chosen) => {
    const { target, isProbe } = chosen;
    const { credential, giveBack } = target.pool.take(chosen.credentialId);
    try {
      return await callAs(needs, { execution, chosen, apiKey: credential.apiKey?.reveal() });
    } catch (error) {
      const ref = { upstreamId: target.upstream, model: target.model };
      if (isProbe) needs.health.abandoned(ref).catch(needs.onError);
      throw error;
    } finally {
      giveBack();
    }
  };
}

interface CallFacts {
  readonly execution: Execution;
  readonly chosen: ChosenCall;
  readonly apiKey: string | undefined;
}

async function callAs(needs: CallTargetNeeds, { execution, chosen, apiKey }: CallFacts): Promise<AttemptResult> {
  const { job, delivered, publisher } = execution;
  const { target, isProbe, hasFailures, attempts, rescue } = chosen;
  const { adapter } = target;
  const ref = { upstreamId: target.upstream, model: target.model };
  const calledAtMs = Date.now();
  const prepared = await loadAndPrepare(needs, {
    adapter,
    body: bodyFor(chosen, delivered),
    plan: planOf({ execution, target, apiKey, startedAtMs: calledAtMs }),
    execution,
  });
  const request = prepared.kind === 'ready' ? adapter.toUpstream(prepared.body, prepared.plan) : undefined;
  const span = startSpan({
    ...attemptSpan({
      method: request?.method ?? 'POST',
      url: request?.url ?? target.baseUrl,
      resendCount: attempts - 1,
      upstream: target.upstream,
      credentialId: chosen.credentialId,
    }),
    parent: execution.span,
    startTimeMs: calledAtMs,
  });

  const result =
    prepared.kind !== 'ready' || request === undefined
      ? unanswered(prepared)
      : await attempt({
          client: needs.client,
          adapter,
          request: withTraceContext(request, span.carrier()),
          body: prepared.body,
          plan: prepared.plan,
          stream: job.stream,
          stitch: delivered === undefined || rescue === undefined ? undefined : createStitch(delivered, rescue),
          sink: {
            onAnswer() {
              publisher.send('answered', { upstream: target.upstream, model: target.model, attempts });
              execution.span.event(firstChunkEvent);
              if (isProbe || hasFailures) needs.health.recovered(ref).catch(needs.onError);
            },
            data: publisher.data,
            isCongested: publisher.isCongested,
            onceWritable: publisher.onceWritable,
          },
          signal: execution.run.signal,
          onHold: execution.run.onHold,
          firstTokenMs: needs.timeouts.firstTokenMs,
          idleMs: needs.timeouts.idleMs,
          remainingMs: execution.remainingMs(),
          ...needs.limits,
          onGap: (gapMs) => needs.metrics.chunkGap(target.upstream, gapMs),
          onHead: ({ status }) => span.set(httpResponseAttributes(status)),
          now: needs.now,
        });

  if (result.kind === 'aborted') {
    span.fail({ code: 'cancelled', message: 'the call was not wanted any more' });
    if (isProbe) needs.health.abandoned(ref).catch(needs.onError);
  }
  const redacted = redact(result, apiKey);
  if (redacted.kind === 'failed') span.fail({ code: redacted.failure.kind, message: redacted.failure.message });
  span.end();
  needs.metrics.attemptEnded(target.upstream, outcomes[result.kind]);
  if (result.kind === 'failed') needs.metrics.tokensBurnt(target.upstream, result.received);
  return redacted;
}

interface Beginning {
  readonly adapter: ProviderAdapter;
  readonly body: ChatBody;
  readonly plan: CallPlan;
  readonly execution: Execution;
}

/** What came of all that comes before the call which brings the answer. */
type BeginResult = PrepareResult & { readonly wasCalled?: boolean };

async function loadAndPrepare(
  { client, images, timeouts, limits }: CallTargetNeeds,
  { adapter, body, plan, execution }: Beginning,
): Promise<BeginResult> {
  const { signal } = execution.run;
  const loaded = await loadImages(body, { adapter, fetcher: images, signal });
  if (signal.aborted) return { kind: 'aborted' };
  if (loaded.kind === 'failed') return { ...loaded, wasCalled: false };
  return prepare({
    client,
    adapter,
    body: loaded.body,
    plan,
    signal,
    stepMs: timeouts.firstTokenMs,
    remainingMs: execution.remainingMs(),
    maxBodyBytes: limits.maxBodyBytes,
  });
}

interface PlanFacts {
  readonly execution: Execution;
  readonly target: Target;
  readonly apiKey: string | undefined;
  readonly startedAtMs: number;
}

function planOf({ execution: { job }, target, apiKey, startedAtMs }: PlanFacts): CallPlan {
  return {
    model: target.model,
    baseUrl: target.baseUrl,
    apiKey,
    stream: (job.stream && !target.isWholeOnly) || target.adapter.isStreamOnly === true,
    reportStreamUsage: target.reportStreamUsage,
    requestId: job.requestId,
    startedAtMs,
    newId: randomUUID,
    keepsThinkingMarkup: false,
  };
}

/** The end of a call of which the answer was not even asked for. */
function unanswered(prepared: BeginResult): AttemptResult {
  const none = { events: 0, received: 0 } as const;
  return prepared.kind === 'failed' ? { ...prepared, ...none } : { kind: 'aborted', ...none };
}

function bodyFor({ body, target: { prefill }, rescue }: ChosenCall, delivered: Delivered | undefined): ChatBody {
  if (delivered === undefined || rescue !== 'continue' || prefill === 'none') return body;
  return withPrefill(body, delivered, prefill);
}

function withTraceContext(request: UpstreamRequest, { traceparent, tracestate }: Carrier): UpstreamRequest {
  if (traceparent === undefined) return request;
  const context = { traceparent, ...(tracestate === undefined ? {} : { tracestate }) };
  return { ...request, headers: { ...request.headers, ...context } };
}

const outcomes = { complete: 'complete', failed: 'error', aborted: 'cancelled' } as const;

/** Providers echo keys in their error texts. */
function redact(result: AttemptResult, apiKey: string | undefined): AttemptResult {
  if (result.kind !== 'failed') return result;
  const secrets = apiKey === undefined ? [] : [apiKey];
  const clean = (text: string): string => withoutTornKey(redactSecrets(text, secrets), apiKey);
  const { failure } = result;
  return {
    ...result,
    failure: {
      ...failure,
      message: clean(failure.message),
      code: failure.code === undefined ? undefined : clean(failure.code),
      param: failure.param === undefined ? undefined : clean(failure.param),
    },
  };
}

/** Adapters cut long texts, perhaps in the middle of the key: takes away what the end still has of it. */
function withoutTornKey(text: string, apiKey = ''): string {
  for (let length = apiKey.length - 1; length >= 4; length--) {
    if (text.endsWith(apiKey.slice(0, length))) return `${text.slice(0, -length)}…`;
  }
  return text;
}
