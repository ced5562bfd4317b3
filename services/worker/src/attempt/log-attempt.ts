import { targetName, type Verdict } from '@sluice/policy';
import type { Logger } from '@sluice/telemetry';
import type { ClaimedRun } from '../run/claimed-run.ts';
import type { FailedAttempt } from './attempt-result.ts';
import type { ChosenAttempt, ThrownFacts } from './chosen-attempt.ts';
import { redactFailure } from './redact-failure.ts';

/** The logger methods that a run uses. */
export type RunLogger = Pick<Logger, 'warn' | 'debug' | 'isLevelEnabled'>;

/** The consequence of a failed attempt: that of the `Verdict`, or one of two more. */
export type Remedy = Verdict['remedy'] | 'renew_token' | 'begin_anew';

export interface FailedLine {
  readonly chosen: Pick<ChosenAttempt, 'target' | 'credentialId' | 'number'>;
  readonly result: FailedAttempt;
  readonly remedy: Remedy;
  /** Attempts so far that count against `retry.max_attempts`, and that limit. */
  readonly attempts: number;
  readonly maxAttempts: number;
}

/** Logs one line for each failed attempt, even if another target then serves the request. */
export function logFailedAttempt(logger: Pick<RunLogger, 'warn'>, claimedRun: ClaimedRun, line: FailedLine): void {
  const { chosen, result, remedy, attempts, maxAttempts } = line;
  const { target, credentialId, number } = chosen;
  const { kind, status, code, message, retryAfterMs, shouldRetry } = result.failure;
  logger.warn(
    {
      ...idsOf(claimedRun),
      attempt: number,
      max_attempts: maxAttempts,
      upstream: target.upstream,
      model: target.model,
      target: targetName(target),
      credential: credentialId,
      kind,
      status,
      provider_code: code,
      reason: message.slice(0, longestReason),
      remedy,
      should_retry: shouldRetry,
      retry_after_ms: retryAfterMs,
      events: result.events,
    },
    `attempt ${attempts} of ${maxAttempts} failed`,
  );
}

/** The ids that all log lines of one request share. */
export const idsOf = ({ job, span }: Pick<ClaimedRun, 'job' | 'span'>): object => ({
  internal_id: job.requestId,
  trace_id: span.traceId,
  epoch: job.epoch,
});

/** Writes a debug line; computes its fields only if the level is enabled. */
export function logDetail(
  logger: Pick<RunLogger, 'debug' | 'isLevelEnabled'>,
  message: string,
  fields: () => object,
): void {
  if (logger.isLevelEnabled('debug')) logger.debug(fields(), message);
}

const longestReason = 500;
const longestStack = 2000;

/**
 * Logs the type and stack of an error that an adapter threw. The message is left out, because it may quote the answer
 * or the request.
 */
export function logThrown(
  logger: Pick<RunLogger, 'warn'>,
  error: unknown,
  { requestId, upstream, model, secrets }: ThrownFacts,
): void {
  const type = error instanceof Error ? error.name : typeof error;
  const frames = error instanceof Error ? (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line)) : [];
  const { message: stack } = redactFailure({ kind: 'malformed', message: frames.join('\n') }, secrets);
  logger.warn(
    { internal_id: requestId, upstream, model, type, stack: stack.slice(0, longestStack) },
    'an adapter threw; the attempt counts as malformed',
  );
}
