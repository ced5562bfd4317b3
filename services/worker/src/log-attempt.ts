import { targetName } from '@sluice/policy';
import type { Execution } from './execution.ts';
import type { FailedAttempt } from './judge.ts';
import type { ChosenAttempt, ThrownFacts } from './make-attempt.ts';
import { redactFailure } from './redact-failure.ts';

/** The part of a logger that is needed here. */
export interface Warner {
  warn(fields: object, message: string): void;
}

/** One line for each attempt that failed, also where another target has served the request. */
export function logFailedAttempt(
  logger: Warner,
  { job, span }: Execution,
  { chosen, result }: { readonly chosen: ChosenAttempt; readonly result: FailedAttempt },
): void {
  const { target, credentialId, number } = chosen;
  const { kind, status, code, message, retryAfterMs } = result.failure;
  logger.warn(
    {
      internal_id: job.requestId,
      trace_id: span.traceId,
      epoch: job.epoch,
      attempt: number,
      upstream: target.upstream,
      model: target.model,
      target: targetName(target),
      credential: credentialId,
      kind,
      status,
      provider_code: code,
      reason: message.slice(0, longestReason),
      retry_after_ms: retryAfterMs,
      events: result.events,
    },
    'attempt failed',
  );
}

const longestReason = 500;
const longestStack = 2000;

/**
 * Logs an error that an adapter threw: its type and stack. Its message stays out, because it may quote the answer or
 * the request.
 */
export function logThrown(logger: Warner, error: unknown, { requestId, upstream, model, secrets }: ThrownFacts): void {
  const type = error instanceof Error ? error.name : typeof error;
  const frames = error instanceof Error ? (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line)) : [];
  const { message: stack } = redactFailure({ kind: 'malformed', message: frames.join('\n') }, secrets);
  logger.warn(
    { internal_id: requestId, upstream, model, type, stack: stack.slice(0, longestStack) },
    'an adapter threw; the attempt counts as malformed',
  );
}
