import { type ChatJob, toWireError, membersOf } from '@sluice/protocol';
import type { Publisher } from '@sluice/relay';
import { costAttributes, inferenceResultAttributes, type SpanHandle } from '@sluice/telemetry';
import type { Outcome } from '../run/claimed-run.ts';
import type { RunJobNeeds } from './run-job-needs.ts';

interface ReportNeeds extends Pick<RunJobNeeds, 'policy'> {
  readonly logger: { warn(fields: object, message: string): void };
}

/** Sends the outcome of a run to its ingress. */
export function publishOutcome(publisher: Publisher, outcome: Outcome): void {
  switch (outcome.kind) {
    case 'end':
      return publisher.send('end', outcome.end);
    case 'error': {
      const { attempts, events, lastFailure, spent } = outcome;
      const failure = lastFailure && { kind: lastFailure.kind, status: lastFailure.status };
      return publisher.send('error', { error: toWireError(outcome.error), attempts, events, failure, ...spent });
    }
    case 'retry': {
      const { delayMs, state } = outcome;
      return publisher.send('retry', { delayMs, state, error: toWireError(outcome.error) });
    }
  }
}

/** Writes the outcome of a run into its span, and into the log if the run failed. */
export function describeOutcome(
  { logger, policy }: ReportNeeds,
  job: ChatJob,
  { outcome, span }: { readonly outcome: Outcome; readonly span: SpanHandle },
): void {
  if (outcome.kind === 'end') {
    const { usage, responseModel, finishReason } = outcome.end;
    span.set(() => ({
      ...costAttributes(outcome.end),
      ...inferenceResultAttributes({
        attempts: outcome.attempts,
        continuations: outcome.end.continuations,
        responseModel,
        finishReasons: finishReason === undefined ? undefined : [finishReason],
        inputTokens: usage?.prompt_tokens,
        outputTokens: usage?.completion_tokens,
        cacheReadTokens: tokensOf(usage?.['prompt_tokens_details'], 'cached_tokens'),
        cacheWriteTokens: tokensOf(usage?.['prompt_tokens_details'], 'cache_write_tokens'),
        reasoningTokens: tokensOf(usage?.['completion_tokens_details'], 'reasoning_tokens'),
      }),
    }));
    return;
  }
  span.set(() => costAttributes((outcome.kind === 'error' ? outcome.spent : outcome.state) ?? {}));
  const { code, message } = outcome.error;
  span.fail({ code, message });
  logFailedRun({ logger, policy }, job, { outcome, traceId: span.traceId });
}

interface FailedRun {
  readonly outcome: Exclude<Outcome, { kind: 'end' }>;
  readonly traceId: string | undefined;
}

function logFailedRun({ logger, policy }: ReportNeeds, job: ChatJob, { outcome, traceId }: FailedRun): void {
  const { code, message } = outcome.error;
  const lastFailure = outcome.kind === 'error' ? outcome.lastFailure : outcome.state.lastFailure;
  const line = {
    internal_id: job.requestId,
    trace_id: traceId,
    epoch: job.epoch,
    code,
    reason: message,
    kind: lastFailure?.kind,
    target: lastFailure?.target,
    status: lastFailure?.status,
    max_attempts: policy.maxAttempts,
  };
  if (outcome.kind === 'retry') {
    const { delayMs, state, baseDelayMs } = outcome;
    const fields = { ...line, attempts: state.attempts, base_delay_ms: baseDelayMs, delay_ms: delayMs };
    return logger.warn(fields, 'upstream failed; the request will be tried again');
  }
  if (code === 'request_cancelled') return;
  const { attempts, error } = outcome;
  logger.warn({ ...line, attempts, retryable: error.retryable }, 'request failed');
}

/** Reads a count from the details of a usage, which the provider sent and nothing has validated. */
function tokensOf(details: unknown, name: string): number | undefined {
  const tokens = membersOf(details)[name];
  return typeof tokens === 'number' ? tokens : undefined;
}
