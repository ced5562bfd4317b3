import { type AttemptEntry, type RequestEntry, type RequestLog, requestLogSchema } from '@sluice/records';
import type { Kysely } from 'kysely';
import { toAttemptEntry } from '../ledger/attempt-row.ts';
import { toRequestEntry } from '../ledger/request-row.ts';
import type { Tables } from '../tables.ts';

/** All that the database has about one request. */
export interface FoundRequest {
  /** Absent after `records.retention_days`, or if it was shed. */
  readonly log: RequestLog | undefined;
  /** Absent if the request was refused. */
  readonly entry: RequestEntry | undefined;
  /** In their order. */
  readonly attempts: readonly AttemptEntry[];
}

/** Finds a request by the id that its client got, or by its internal one; undefined if there is none. */
export async function findRequest(db: Kysely<Tables>, id: string): Promise<FoundRequest | undefined> {
  const row =
    (await db
      .selectFrom('request_logs')
      .select('entry')
      .where('public_id', '=', id)
      .orderBy('arrived_at', 'desc')
      .limit(1)
      .executeTakeFirst()) ??
    (await db.selectFrom('request_logs').select('entry').where('id', '=', id).limit(1).executeTakeFirst());
  const log = row === undefined ? undefined : requestLogSchema.parse(row.entry);
  const requestId = log?.id ?? id;
  const entry = await db.selectFrom('ledger_requests').selectAll().where('id', '=', requestId).executeTakeFirst();
  if (log === undefined && entry === undefined) return undefined;
  const attempts = await db
    .selectFrom('ledger_attempts')
    .selectAll()
    .where('request_id', '=', requestId)
    .orderBy('epoch')
    .orderBy('number')
    .execute();
  return {
    log,
    entry: entry === undefined ? undefined : toRequestEntry(entry),
    attempts: attempts.map(toAttemptEntry),
  };
}
