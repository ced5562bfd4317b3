import { type RequestEntry, requestEntrySchema } from '@sluice/records';
import type { RequestRow } from '../tables.ts';
import { short, shortOrNull } from '../short-text.ts';
import { withoutNulls } from '../without-nulls.ts';

export function toRequestRow(entry: RequestEntry): RequestRow {
  return {
    accepted_at: new Date(entry.acceptedAt),
    id: entry.id,
    key_id: entry.keyId,
    key_name: short(entry.keyName),
    team_id: entry.teamId ?? null,
    owner: shortOrNull(entry.owner),
    tags: entry.tags.map(short),
    session_id: shortOrNull(entry.sessionId),
    agent: shortOrNull(entry.agent),
    operation: short(entry.operation),
    model: short(entry.model),
    stream: entry.stream,
    ended_at: new Date(entry.endedAt),
    waited_ms: entry.waitedMs ?? null,
    queue_wait_ms: entry.queueWaitMs ?? null,
    ttft_ms: entry.ttftMs ?? null,
    served_model: shortOrNull(entry.servedModel),
    upstream: entry.upstream ?? null,
    outcome: entry.outcome,
    status: entry.status,
    code: entry.code ?? null,
    attempts: entry.attempts,
    input_tokens: entry.inputTokens,
    output_tokens: entry.outputTokens,
    cost_micros: entry.costMicros,
    estimated: entry.estimated,
    settled_by: entry.settledBy,
  };
}

export function toRequestEntry(row: RequestRow): RequestEntry {
  return requestEntrySchema.parse(
    withoutNulls({
      id: row.id,
      keyId: row.key_id,
      keyName: row.key_name,
      teamId: row.team_id,
      owner: row.owner,
      tags: row.tags,
      sessionId: row.session_id,
      agent: row.agent,
      operation: row.operation,
      model: row.model,
      stream: row.stream,
      acceptedAt: row.accepted_at.getTime(),
      endedAt: row.ended_at.getTime(),
      waitedMs: row.waited_ms,
      queueWaitMs: row.queue_wait_ms,
      ttftMs: row.ttft_ms,
      servedModel: row.served_model,
      upstream: row.upstream,
      outcome: row.outcome,
      status: row.status,
      code: row.code,
      attempts: row.attempts,
      inputTokens: row.input_tokens,
      outputTokens: row.output_tokens,
      costMicros: row.cost_micros,
      estimated: row.estimated,
      settledBy: row.settled_by,
    }),
  );
}

/** Order of two entries of the same request: the higher one stays. What its own ingress says is above the fleet's word. */
export const rankOfRequest = (row: RequestRow): number =>
  (row.settled_by === 'ingress' ? 2 : 0) + (row.estimated ? 0 : 1);
