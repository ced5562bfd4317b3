import type { UpstreamHealth } from '@sluice/admission';
import type { Config } from '@sluice/config';
import type { UpstreamRequest } from '@sluice/protocol';
import type { ChatBody } from '@sluice/providers';
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
import type { UpstreamClient } from '@sluice/upstream';
import { attempt, type AttemptResult } from './attempt.ts';
import type { Execution } from './execute.ts';
import type { Target } from './targets.ts';

/** One call of a run: to whom, as whom. */
export interface ChosenCall {
  readonly target: Target;
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
  readonly health: UpstreamHealth;
  readonly metrics: WorkerMetrics;
  readonly timeouts: Pick<Config['timeouts'], 'firstTokenMs' | 'idleMs'>;
  readonly limits: Pick<Config['worker'], 'maxEventBytes' | 'maxBodyBytes'>;
  readonly onError: (error: unknown) => void;
  readonly now: () => number;
}

export function createCallTarget(needs: CallTargetNeeds): CallTarget {
  return async (execution, { target, credentialId, isProbe, hasFailures, attempts, rescue }) => {
    const { job, delivered, publisher } = execution;
    const body = bodyFor(execution, target, rescue);
    const ref = { upstreamId: target.upstream, model: target.model };
    const { credential, giveBack } = target.pool.take(credentialId);
    const apiKey = credential.apiKey?.reveal();
    const request = target.adapter.toUpstream(body, {
      model: target.model,
      baseUrl: target.baseUrl,
      apiVersion: target.apiVersion,
      apiKey,
      stream: job.stream,
      reportStreamUsage: target.reportStreamUsage,
    });
    const span = startSpan({
      ...attemptSpan({
        method: request.method,
        url: request.url,
        resendCount: attempts - 1,
        upstream: target.upstream,
        credentialId,
      }),
      parent: execution.span,
    });

    const result = await attempt({
      client: needs.client,
      adapter: target.adapter,
      request: withTraceContext(request, span.carrier()),
      body,
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
    giveBack();

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
  };
}

function bodyFor({ body, delivered }: Execution, { prefill }: Target, rescue: RescueMode | undefined): ChatBody {
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
