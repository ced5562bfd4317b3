import type { RequestLog } from '@sluice/records';
import { short, shortOrNull } from '../short-text.ts';

export function toLogRow(log: RequestLog, costMicros: number | undefined) {
  return {
    arrived_at: new Date(log.arrivedAt),
    id: log.id,
    public_id: short(log.publicId),
    trace_id: log.traceId ?? null,
    key_id: log.keyId ?? null,
    model: shortOrNull(log.model),
    upstream: log.upstream ?? null,
    operation: log.operation ?? null,
    status: log.status,
    outcome: log.outcome,
    code: log.code ?? null,
    error: log.error ?? null,
    duration_ms: log.durationMs,
    cost_micros: costMicros ?? null,
    entry: log,
  };
}
