import { targetName, type Verdict } from '@sluice/policy';
import type { Logger } from '@sluice/telemetry';
import type { Execution } from '../run/claimed-run.ts';
import type { FailedAttempt } from './attempt-result.ts';
import type { ChosenAttempt, ThrownFacts } from './chosen-attempt.ts';
import { redactFailure } from './redact-failure.ts';

/** The part of a logger that is needed here. */
export type RunLogger = Pick<Logger, 'warn' | 'debug' | 'isLevelEnabled'>;

/** The consequence of a failed attempt: see `Verdict`, and two that are no verdicts. */
export type Remedy = Verdict['remedy'] | 'renew_token' | 'begin_anew';

export interface FailedLine {
  readonly chosen: Pick<ChosenAttempt, 'target' | 'credentialId' | 'number'>;
  readonly result: FailedAttempt;
  readonly remedy: Remedy;
  /** Attempts so far that the policy limits, and that limit. */
  readonly attempts: number;
  readonly maxAttempts: number;
}

/** One line for each attempt that failed, also where another target has served the request. */
export function logFailedAttempt(logger: Pick<RunLogger, 'warn'>, execution: Execution, line: FailedLine): void {
  const { chosen, result, remedy, attempts, maxAttempts } = line;
  const { target, credentialId, number } = chosen;
  const { kind, status, code, message, retryAfterMs, shouldRetry } = result.failure;
  logger.warn(
    {
      ...idsOf(execution),
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

/** The ids by which lines of one request are joined. */
export const idsOf = ({ job, span }: Pick<Execution, 'job' | 'span'>): object => ({
  internal_id: job.requestId,
  trace_id: span.traceId,
  epoch: job.epoch,
});

/** Writes a line for those who look for the cause of a fault; its fields are made only if somebody wants them. */
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
 * Logs an error that an adapter threw: its type and stack. Its message stays out, because it may quote the answer or
 * the request.
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
