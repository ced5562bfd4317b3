import { randomUUID } from 'node:crypto';
import type { UpstreamHealth } from '@sluice/admission';
import type { Config } from '@sluice/config';
import type { Answered, UpstreamRequest } from '@sluice/protocol';
import type { CallPlan, ChatBody, ProviderAdapter } from '@sluice/providers';
import {
  attemptSpan,
  type Carrier,
  firstChunkEvent,
  httpResponseAttributes,
  startSpan,
  tokenSpan,
  type WorkerMetrics,
} from '@sluice/telemetry';
import { createStitch, type RescueMode } from '@sluice/rescue';
import type { TokenVault } from '@sluice/tokens';
import type { ImageFetcher, UpstreamClient } from '@sluice/upstream';
import { attempt, type AttemptResult } from './attempt.ts';
import { type CallKey, takeCallKey } from './call-key.ts';
import type { Execution } from './execute.ts';
import { loadImages } from './load-images.ts';
import { prepare, type PrepareResult } from './prepare.ts';
import { redactFailure } from './redact-failure.ts';
import type { Credential, Target } from './targets.ts';

/** One call of a run: to whom, as whom. */
export interface ChosenCall {
  readonly target: Target;
  /** The request as far as this target can serve it, with what is to be written on. */
  readonly body: ChatBody;
  readonly credentialId: string;
  /** This call decides whether the target's circuit closes. */
  readonly isProbe: boolean;
  /** The target has failed lately. */
  readonly hasFailures: boolean;
  /** Upstream calls of this request, this one included. */
  readonly attempts: number;
  /** Calls before this one that wrote on where the answer had met its limit, this one included if it does. */
  readonly continuations: number;
  /** How to go on with what the client has; undefined for a first answer. */
  readonly rescue: RescueMode | undefined;
}

/** Makes one call, passes its answer to the client and sees to its span, its metrics and its credential's load. */
export type CallTarget = (execution: Execution, call: ChosenCall) => Promise<CallResult>;

export type CallResult = AttemptResult & {
  /** It was a token that the provider refused: another may be had. */
  readonly isTokenRefused?: boolean;
};

export interface CallTargetNeeds {
  readonly client: UpstreamClient;
  readonly images: ImageFetcher;
  readonly health: Pick<UpstreamHealth, 'recovered' | 'abandoned'>;
  /** Undefined where no credential has tokens. */
  readonly tokens: TokenVault | undefined;
  readonly metrics: Pick<WorkerMetrics, 'attemptEnded' | 'tokensBurnt' | 'chunkGap'>;
  readonly timeouts: Pick<Config['timeouts'], 'firstTokenMs' | 'idleMs'>;
  readonly limits: Pick<Config['worker'], 'maxEventBytes' | 'maxBodyBytes'>;
  readonly onError: (error: unknown) => void;
  readonly now: () => number;
}

export function createCallTarget(needs: CallTargetNeeds): CallTarget {
  return async (execution, chosen) => {
    const { target, isProbe } = chosen;
    const { credential, giveBack } = target.pool.take(chosen.credentialId);
    const images: (() => void)[] = [];
    try {
      return await callAs(needs, { execution, chosen, credential, onKeepImage: (release) => images.push(release) });
    } catch (error) {
      const ref = { upstreamId: target.upstream, model: target.model };
      if (isProbe) needs.health.abandoned(ref).catch(needs.onError);
      throw error;
    } finally {
      giveBack();
      for (const release of images) release();
    }
  };
}

interface CallFacts {
  readonly execution: Execution;
  readonly chosen: ChosenCall;
  readonly credential: Credential;
  /** Told what gives the memory of a fetched picture back. */
  readonly onKeepImage: (release: () => void) => void;
}

async function callAs(
  needs: CallTargetNeeds,
  { execution, chosen, credential, onKeepImage }: CallFacts,
): Promise<CallResult> {
  const { job, delivered, publisher } = execution;
  const { target, isProbe, hasFailures, attempts, continuations, rescue } = chosen;
  const { adapter } = target;
  const ref = { upstreamId: target.upstream, model: target.model };
  const served = { tenant: job.tenant, credentialId: chosen.credentialId };
  const askedAtMs = Date.now();
  const { signal } = execution.run;
  const key = await takeCallKey(credential, {
    tokens: needs.tokens,
    signal,
    remainingMs: execution.remainingMs(),
  });
  const { apiKey, token } = key.kind === 'key' ? key : noKey;
  const calledAtMs = Date.now();
  if (token !== undefined && token.origin !== 'stored') {
    const { upstream } = target;
    const shape = tokenSpan({ upstream, credentialId: chosen.credentialId, origin: token.origin });
    startSpan({ ...shape, parent: execution.span, startTimeMs: askedAtMs }).end(calledAtMs);
  }
  const prepared =
    key.kind !== 'key'
      ? { ...key, wasCalled: false }
      : await loadAndPrepare(needs, {
          adapter,
          body: chosen.body,
          plan: planOf({ execution, target, apiKey, startedAtMs: calledAtMs }),
          execution,
          onKeepImage,
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
              publisher.send('answered', answeredBy(chosen));
              if (continuations === 0) execution.span.event(firstChunkEvent);
              if (isProbe || hasFailures) needs.health.recovered(ref, served).catch(needs.onError);
            },
            data: publisher.data,
            isCongested: publisher.isCongested,
            onceWritable: publisher.onceWritable,
          },
          signal,
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
  const redacted = redact(result, [...(apiKey === undefined ? [] : [apiKey]), ...(adapter.secrets ?? [])]);
  const isTokenRefused = isRefusal(result) && token !== undefined;
  if (isTokenRefused) await needs.tokens?.refuse(token.credential, token.version).catch(needs.onError);
  if (redacted.kind === 'failed') span.fail({ code: redacted.failure.kind, message: redacted.failure.message });
  span.end();
  needs.metrics.attemptEnded(target.upstream, outcomes[result.kind]);
  if (result.kind === 'failed') needs.metrics.tokensBurnt(target.upstream, result.received);
  return isTokenRefused ? { ...redacted, isTokenRefused } : redacted;
}

/** What the ingress is told of a call that answers. */
export function answeredBy({ target: { upstream, model }, attempts, continuations }: ChosenCall): Answered {
  return { upstream, model, attempts, ...(continuations > 0 ? { continuations } : {}) };
}

interface Beginning {
  readonly adapter: ProviderAdapter;
  readonly body: ChatBody;
  readonly plan: CallPlan;
  readonly execution: Execution;
  readonly onKeepImage: CallFacts['onKeepImage'];
}

/** What came of all that comes before the call which brings the answer. */
type BeginResult = PrepareResult & { readonly wasCalled?: boolean };

async function loadAndPrepare(
  { client, images, timeouts, limits }: CallTargetNeeds,
  { adapter, body, plan, execution, onKeepImage }: Beginning,
): Promise<BeginResult> {
  const { signal } = execution.run;
  const loaded = await loadImages(body, { adapter, fetcher: images, signal, onKeep: onKeepImage });
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

const noKey = { apiKey: undefined, token: undefined };

const isRefusal = (result: AttemptResult): boolean =>
  result.kind === 'failed' && result.failure.kind === 'authentication' && result.events === 0;

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
    keepsThinkingMarkup: job.keepsThinkingMarkup === true,
  };
}

/** The end of a call of which the answer was not even asked for. */
function unanswered(
  prepared: (Exclude<CallKey, { kind: 'key' }> | PrepareResult) & { wasCalled?: boolean },
): AttemptResult {
  const none = { events: 0, received: 0 } as const;
  return prepared.kind === 'failed' ? { ...prepared, ...none } : { kind: 'aborted', ...none };
}

function withTraceContext(request: UpstreamRequest, { traceparent, tracestate }: Carrier): UpstreamRequest {
  if (traceparent === undefined) return request;
  const context = { traceparent, ...(tracestate === undefined ? {} : { tracestate }) };
  return { ...request, headers: { ...request.headers, ...context } };
}

const outcomes = { complete: 'complete', failed: 'error', aborted: 'cancelled' } as const;

function redact(result: AttemptResult, secrets: readonly string[]): AttemptResult {
  if (result.kind !== 'failed') return result;
  return { ...result, failure: redactFailure(result.failure, secrets) };
}
