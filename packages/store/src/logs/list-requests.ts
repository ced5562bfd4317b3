import { type RequestLog, requestLogSchema } from '@sluice/records';
import { type Kysely, type SelectQueryBuilder, sql } from 'kysely';
import type { Tables } from '../tables.ts';

/** Conditions of a list; all that are given must hold. Times are milliseconds since 1970. */
export interface RequestFilter {
  /** Id that the client got, or internal id. */
  readonly id?: string | undefined;
  readonly keyId?: string | undefined;
  readonly model?: string | undefined;
  readonly upstream?: string | undefined;
  readonly outcome?: string | undefined;
  readonly code?: string | undefined;
  readonly minStatus?: number | undefined;
  readonly maxStatus?: number | undefined;
  readonly from?: number | undefined;
  /** Exclusive. */
  readonly to?: number | undefined;
  readonly minCostMicros?: number | undefined;
  readonly maxCostMicros?: number | undefined;
  /** Part of the error's text, in any case. Without the extension pg_trgm whole words are found only. */
  readonly error?: string | undefined;
}

/** Place in a list: the last request of the page before. */
export interface RequestCursor {
  readonly arrivedAt: number;
  readonly id: string;
}

export interface ListedRequest {
  readonly log: RequestLog;
  readonly costMicros: number | undefined;
}

export interface RequestPage {
  /** Newest first. */
  readonly requests: readonly ListedRequest[];
  /** Cursor of the next page; absent on the last one. */
  readonly next: RequestCursor | undefined;
}

export interface ListRequests {
  readonly filter?: RequestFilter;
  readonly after?: RequestCursor | undefined;
  readonly limit: number;
}

const dayMs = 86_400_000;

/**
 * Returns a page of the request log. A page deep in the list costs as much as the first. It looks at the newest day first, and
 * then at longer and longer spans: over all days at once, PostgreSQL sorts every row that fits.
 */
export async function listRequests(
  db: Kysely<Tables>,
  { filter = {}, after, limit }: ListRequests,
): Promise<RequestPage> {
  const bounds = await boundsOf(db, { filter, after });
  if (bounds === undefined) return { requests: [], next: undefined };
  let query = filtered(db.selectFrom('request_logs'), filter);
  if (filter.error !== undefined) query = query.where(await errorCondition(db, filter.error));
  if (after !== undefined) {
    query = query.where(sql<boolean>`(arrived_at, id) < (${new Date(after.arrivedAt)}, ${after.id})`);
  }
  const rows: Row[] = [];
  let until = bounds.newest;
  for (let spanMs = dayMs; rows.length <= limit && until >= bounds.oldest; spanMs *= 2) {
    const from = until - spanMs;
    rows.push(...(await rowsOf(query, { from, until, limit: limit + 1 - rows.length })));
    until = from;
  }
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return {
    requests: rows.slice(0, limit).map(({ entry, cost_micros }) => ({
      log: requestLogSchema.parse(entry),
      costMicros: cost_micros ?? undefined,
    })),
    next: last === undefined ? undefined : { arrivedAt: last.arrived_at.getTime(), id: last.id },
  };
}

interface Row {
  readonly arrived_at: Date;
  readonly id: string;
  readonly entry: unknown;
  readonly cost_micros: number | null;
}

interface Span {
  /** Exclusive; milliseconds since 1970. */
  readonly from: number;
  readonly until: number;
  readonly limit: number;
}

function rowsOf(query: Query, { from, until, limit }: Span): Promise<readonly Row[]> {
  return query
    .where('arrived_at', '>', new Date(from))
    .where('arrived_at', '<=', new Date(until))
    .select(['arrived_at', 'id', 'entry', 'cost_micros'])
    .orderBy('arrived_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
}

/** Returns the times between which the rows of a list lie; undefined if there are none. */
async function boundsOf(
  db: Kysely<Tables>,
  { filter, after }: Pick<ListRequests, 'after'> & { readonly filter: RequestFilter },
): Promise<{ readonly oldest: number; readonly newest: number } | undefined> {
  const { oldest, newest } = await db
    .selectFrom('request_logs')
    .select((is) => [is.fn.min('arrived_at').as('oldest'), is.fn.max('arrived_at').as('newest')])
    .executeTakeFirstOrThrow();
  if (!(oldest instanceof Date && newest instanceof Date)) return undefined;
  return {
    oldest: Math.max(oldest.getTime(), filter.from ?? -Infinity),
    // A row has microseconds if another program wrote it; its time here is cut to milliseconds.
    newest: Math.min(newest.getTime() + 1, filter.to ?? Infinity, after?.arrivedAt ?? Infinity),
  };
}

type Query = SelectQueryBuilder<Tables, 'request_logs', object>;

function filtered(query: Query, filter: RequestFilter): Query {
  const { id, keyId, model, upstream, outcome, code, minStatus, maxStatus, from, to } = filter;
  const { minCostMicros, maxCostMicros } = filter;
  return query
    .$if(id !== undefined, (q) => q.where((is) => is.or([is('public_id', '=', id ?? ''), is('id', '=', id ?? '')])))
    .$if(keyId !== undefined, (q) => q.where('key_id', '=', keyId ?? ''))
    .$if(model !== undefined, (q) => q.where('model', '=', model ?? ''))
    .$if(upstream !== undefined, (q) => q.where('upstream', '=', upstream ?? ''))
    .$if(outcome !== undefined, (q) => q.where('outcome', '=', outcome ?? ''))
    .$if(code !== undefined, (q) => q.where('code', '=', code ?? ''))
    .$if(minStatus !== undefined, (q) => q.where('status', '>=', minStatus ?? 0))
    .$if(maxStatus !== undefined, (q) => q.where('status', '<=', maxStatus ?? 0))
    .$if(from !== undefined, (q) => q.where('arrived_at', '>=', new Date(from ?? 0)))
    .$if(to !== undefined, (q) => q.where('arrived_at', '<', new Date(to ?? 0)))
    .$if(minCostMicros !== undefined, (q) => q.where('cost_micros', '>=', minCostMicros ?? 0))
    .$if(maxCostMicros !== undefined, (q) => q.where('cost_micros', '<=', maxCostMicros ?? 0));
}

/** The form that the index of the first migration answers. */
async function errorCondition(db: Kysely<Tables>, text: string) {
  const { rows } = await sql`select from pg_extension where extname = 'pg_trgm'`.execute(db);
  if (rows.length === 0) return sql<boolean>`to_tsvector('simple', error) @@ plainto_tsquery('simple', ${text})`;
  return sql<boolean>`error ilike ${`%${text.replaceAll(/[\\%_]/g, '\\$&')}%`}`;
}
