import type { UpstreamRequest } from '@sluice/protocol';
import {
  attemptSpan,
  type Carrier,
  costAttributes,
  type SpanHandle,
  startSpan,
  startSpanOf,
  tokenSpan,
} from '@sluice/telemetry';
import type { ChosenAttempt } from './chosen-attempt.ts';
import type { Spent } from '../run/tally.ts';
import type { ClaimedRun } from '../run/claimed-run.ts';
import type { AttemptResult } from './attempt-result.ts';
import type { OpenedCall, OpenedKey } from './open-call.ts';

interface TokenTimes {
  readonly key: OpenedKey;
  readonly askedAtMs: number;
  readonly calledAtMs: number;
}

/** Records a span for the time in which the attempt waited for its access token. */
export function traceToken(
  { span }: ClaimedRun,
  chosen: ChosenAttempt,
  { key, askedAtMs, calledAtMs }: TokenTimes,
): void {
  const { token } = key;
  if (token === undefined || token.origin === 'stored') return;
  const { upstream } = chosen.target;
  const shape = tokenSpan({ upstream, credentialId: chosen.credentialId, origin: token.origin });
  startSpan({ ...shape, parent: span, startTimeMs: askedAtMs }).end(calledAtMs);
}

/** Starts the span of an attempt, even if its call could not be opened. */
export function startAttemptSpan(
  claimedRun: ClaimedRun,
  { target, number, credentialId }: ChosenAttempt,
  { opened, calledAtMs }: { readonly opened: OpenedCall; readonly calledAtMs: number },
): SpanHandle {
  return startSpanOf(
    () => {
      const { method, url } = opened.kind === 'ready' ? opened.request : { method: 'POST', url: target.baseUrl };
      return attemptSpan({ method, url, resendCount: number - 1, upstream: target.upstream, credentialId });
    },
    { parent: claimedRun.span, startTimeMs: calledAtMs },
  );
}

export function endAttemptSpan(span: SpanHandle, result: AttemptResult, spent: Spent | undefined): void {
  if (spent !== undefined) span.set(() => costAttributes(spent));
  if (result.kind === 'aborted') span.fail({ code: 'cancelled', message: 'the call is no longer wanted' });
  if (result.kind === 'failed') span.fail({ code: result.failure.kind, message: result.failure.message });
  span.end();
}

/** Adds `traceparent` alone: the client's `tracestate` may contain internals of the client. */
export function withTraceContext(request: UpstreamRequest, { traceparent }: Carrier): UpstreamRequest {
  if (traceparent === undefined) return request;
  return { ...request, headers: { ...request.headers, traceparent } };
}
