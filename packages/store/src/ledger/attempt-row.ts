import { type AttemptEntry, attemptEntrySchema } from '@sluice/records';
import type { AttemptRow } from '../tables.ts';
import { withoutNulls } from '../without-nulls.ts';

export function toAttemptRow({ tokens, ...entry }: AttemptEntry): AttemptRow {
  return {
    started_at: new Date(entry.startedAt),
    id: entry.id,
    request_id: entry.requestId,
    epoch: entry.epoch,
    number: entry.number,
    upstream: entry.upstream,
    model: entry.model,
    credential: entry.credential,
    operation: entry.operation,
    duration_ms: entry.durationMs,
    ttft_ms: entry.ttftMs ?? null,
    outcome: entry.outcome,
    failure_kind: entry.failureKind ?? null,
    status: entry.status ?? null,
    fresh_tokens: tokens.fresh,
    cache_read_tokens: tokens.cacheRead,
    cache_write_tokens: tokens.cacheWrite,
    output_tokens: tokens.output,
    reasoning_tokens: tokens.reasoning,
    audio_tokens: entry.audioTokens ?? null,
    image_tokens: entry.imageTokens ?? null,
    cost_micros: entry.costMicros,
    provider_cost_micros: entry.providerCostMicros ?? null,
    price_source: entry.priceSource,
    estimated: entry.estimated,
  };
}

export function toAttemptEntry(row: AttemptRow): AttemptEntry {
  return attemptEntrySchema.parse(
    withoutNulls({
      id: row.id,
      requestId: row.request_id,
      epoch: row.epoch,
      number: row.number,
      upstream: row.upstream,
      model: row.model,
      credential: row.credential,
      operation: row.operation,
      startedAt: row.started_at.getTime(),
      durationMs: row.duration_ms,
      ttftMs: row.ttft_ms,
      outcome: row.outcome,
      failureKind: row.failure_kind,
      status: row.status,
      tokens: {
        fresh: row.fresh_tokens,
        cacheRead: row.cache_read_tokens,
        cacheWrite: row.cache_write_tokens,
        output: row.output_tokens,
        reasoning: row.reasoning_tokens,
      },
      audioTokens: row.audio_tokens,
      imageTokens: row.image_tokens,
      costMicros: row.cost_micros,
      providerCostMicros: row.provider_cost_micros,
      priceSource: row.price_source,
      estimated: row.estimated,
    }),
  );
}

/**
 * Order of two entries of the same attempt: the higher one stays. The worker's own end of it is above the estimates of the
 * ingress and of the recorder, of which the one that has seen more of the answer counts.
 */
export function rankOfAttempt({ outcome, estimated, cost_micros: costMicros }: AttemptRow): number {
  if (outcome === 'lost') return costMicros / (costMicros + 1);
  return estimated ? 1 : 2;
}
