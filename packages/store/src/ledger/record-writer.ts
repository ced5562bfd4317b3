import type { AttemptEntry, BodyEntry, RequestEntry, RequestLog } from '@sluice/records';
import { type Kysely, sql, type Transaction } from 'kysely';
import { insertRows, toJson } from '../insert-rows.ts';
import type { Partitions } from '../partitions/partitions.ts';
import type { AttemptRow, RequestRow, Tables } from '../tables.ts';
import { attemptChanges, requestChanges } from '../usage/usage-changes.ts';
import { addSums } from '../usage/add-sums.ts';
import { insertBodies } from '../bodies/insert-bodies.ts';
import { toLogRow } from '../logs/log-row.ts';
import { toLostLog } from '../logs/lost-log.ts';
import { rankOfAttempt, toAttemptRow } from './attempt-row.ts';
import { type Merge, mergeRows } from './merge-rows.ts';
import { rankOfRequest, toRequestRow } from './request-row.ts';
import { settleByAttempts } from './settle-by-attempts.ts';

/**
 * Brings entries into the database, each call in one transaction. A second delivery changes nothing. An exact entry replaces
 * an estimate, the entry of an ingress that of the fleet, and never the reverse; the sums of usage follow in the same
 * transaction. Each returns the number of rows that are new or replaced.
 */
export interface RecordWriter {
  insertRequestEntries(entries: readonly RequestEntry[]): Promise<number>;
  insertAttemptEntries(entries: readonly AttemptEntry[]): Promise<number>;
  insertRequestLogs(logs: readonly RequestLog[]): Promise<number>;
  insertBodies(bodies: readonly BodyEntry[]): Promise<number>;
}

/** Two deliveries of an entry are not further apart in their own times: a request ends within hours. */
const slackMs = 86_400_000;
/** Any number: the lock that writers of the ledger take turns by. */
const lockId = 1_912_210_936;

export function createRecordWriter(db: Kysely<Tables>, partitions: Partitions): RecordWriter {
  return {
    async insertRequestEntries(entries) {
      const arrived = entries.map(toRequestRow);
      if (arrived.length === 0) return 0;
      await partitions.cover('ledger_requests', times(arrived, 'accepted_at'));
      const lost = entries.filter(({ settledBy }) => settledBy === 'fleet').map(toLostLog);
      await partitions.cover('request_logs', arrivalsOf(lost));
      return db.transaction().execute(async (trx) => {
        const { added, replaced } = await mergeRequests(trx, arrived);
        await mergeLostLogs(trx, { lost, added, replaced });
        await tellLogs(trx, added);
        await settleLost(
          trx,
          added.filter(isSettledByFleet).map(({ id }) => id),
          times(added, 'accepted_at'),
        );
        return added.length;
      });
    },

    async insertAttemptEntries(entries) {
      const arrived = entries.map(toAttemptRow);
      if (arrived.length === 0) return 0;
      await partitions.cover('ledger_attempts', times(arrived, 'started_at'));
      return db.transaction().execute(async (trx) => {
        const count = await mergeAttempts(trx, arrived);
        await settleLost(
          trx,
          arrived.map(({ request_id: id }) => id),
          times(arrived, 'started_at'),
        );
        return count;
      });
    },

    async insertRequestLogs(logs) {
      if (logs.length === 0) return 0;
      await partitions.cover('request_logs', arrivalsOf(logs));
      return db.transaction().execute((trx) => insertLogs(trx, logs));
    },

    async insertBodies(bodies) {
      if (bodies.length === 0) return 0;
      const arrivals = bodies.map(({ arrivedAt }) => new Date(arrivedAt));
      await partitions.cover('request_bodies', arrivals);
      return insertBodies(db, bodies);
    },
  };
}

/** Takes its turn with the ledger: each of the two looks for the lines of the other, and one must see the other. */
async function insertLogs(trx: Transaction<Tables>, logs: readonly RequestLog[]): Promise<number> {
  await takeTurn(trx);
  const { from, to } = spanOf(arrivalsOf(logs));
  const costs = await trx
    .selectFrom('ledger_requests')
    .select(['id', 'cost_micros'])
    .where('id', '=', sql<string>`any(${logs.map(({ id }) => id)})`)
    .where('accepted_at', '>=', from)
    .where('accepted_at', '<=', to)
    .execute();
  const costOf = new Map(costs.map(({ id, cost_micros }) => [id, cost_micros]));
  const rows = logs.map((log) => toLogRow(log, costOf.get(log.id)));
  await dropLostLogs(
    trx,
    logs.map(({ id }) => id),
    { from, to },
  );
  await insertRows(trx, { table: 'request_logs', rows, conflict: 'on conflict do nothing' });
  return rows.length;
}

const isSettledByFleet = ({ settled_by: by }: RequestRow): boolean => by === 'fleet';

/** Gives requests of killed ingresses the cost of their attempts, whichever of the two comes first. */
async function settleLost(trx: Transaction<Tables>, ids: readonly string[], dates: readonly Date[]): Promise<void> {
  if (ids.length > 0) await tellLogs(trx, await settleByAttempts(trx, ids, spanOf(dates)));
}

async function mergeRequests(trx: Transaction<Tables>, arrived: readonly RequestRow[]): Promise<Merge<RequestRow>> {
  await takeTurn(trx);
  const { from, to } = spanOf(times(arrived, 'accepted_at'));
  const existing = await trx
    .selectFrom('ledger_requests')
    .selectAll()
    .where('id', '=', sql<string>`any(${arrived.map(({ id }) => id)})`)
    .where('accepted_at', '>=', from)
    .where('accepted_at', '<=', to)
    .execute();
  const merge = mergeRows<RequestRow>({ arrived, existing, rankOf: rankOfRequest });
  const { added, replaced } = merge;
  for (const { accepted_at, id } of replaced) {
    await trx.deleteFrom('ledger_requests').where('accepted_at', '=', accepted_at).where('id', '=', id).execute();
  }
  await insertRows(trx, { table: 'ledger_requests', rows: added });
  await addSums(trx, 'usage_requests', requestChanges({ added, replaced }));
  return merge;
}

interface LostLogs extends Merge<RequestRow> {
  /** The logs of requests that the fleet has settled. */
  readonly lost: readonly RequestLog[];
}

/** Lists the requests that the fleet has settled, and no longer those whose own ingress has told their end. */
async function mergeLostLogs(trx: Transaction<Tables>, { lost, added, replaced }: LostLogs): Promise<void> {
  const told = new Set(added.filter(({ settled_by: by }) => by === 'ingress').map(({ id }) => id));
  const found = replaced.filter(({ id, settled_by: by }) => by === 'fleet' && told.has(id));
  if (found.length > 0) {
    await dropLostLogs(
      trx,
      found.map(({ id }) => id),
      spanOf(times(found, 'accepted_at')),
    );
  }
  const settled = new Set(added.filter(({ settled_by: by }) => by === 'fleet').map(({ id }) => id));
  const news = lost.filter(({ id }) => settled.delete(id));
  if (news.length === 0) return;
  const { from, to } = spanOf(arrivalsOf(news));
  const present = await trx
    .selectFrom('request_logs')
    .select('id')
    .where('id', '=', sql<string>`any(${news.map(({ id }) => id)})`)
    .where('arrived_at', '>=', from)
    .where('arrived_at', '<=', to)
    .execute();
  const known = new Set(present.map(({ id }) => id));
  const rows = news.filter(({ id }) => !known.has(id)).map((log) => toLogRow(log, undefined));
  await insertRows(trx, { table: 'request_logs', rows });
}

async function dropLostLogs(trx: Transaction<Tables>, ids: readonly string[], { from, to }: Span): Promise<void> {
  await trx
    .deleteFrom('request_logs')
    .where('id', '=', sql<string>`any(${ids})`)
    .where('outcome', '=', 'lost')
    .where('arrived_at', '>=', from)
    .where('arrived_at', '<=', to)
    .execute();
}

async function mergeAttempts(trx: Transaction<Tables>, arrived: readonly AttemptRow[]): Promise<number> {
  await takeTurn(trx);
  const { from, to } = spanOf(times(arrived, 'started_at'));
  const existing = await trx
    .selectFrom('ledger_attempts')
    .selectAll()
    .where('id', '=', sql<string>`any(${arrived.map(({ id }) => id)})`)
    .where('started_at', '>=', from)
    .where('started_at', '<=', to)
    .execute();
  const { added, replaced } = mergeRows<AttemptRow>({ arrived, existing, rankOf: rankOfAttempt });
  for (const { started_at, id } of replaced) {
    await trx.deleteFrom('ledger_attempts').where('started_at', '=', started_at).where('id', '=', id).execute();
  }
  await insertRows(trx, { table: 'ledger_attempts', rows: added });
  await addSums(trx, 'usage_attempts', attemptChanges({ added, replaced }));
  return added.length;
}

/** Lets one transaction at a time decide about entries: two recorders may run for a moment. */
async function takeTurn(trx: Transaction<Tables>): Promise<void> {
  await sql`select pg_advisory_xact_lock(${lockId})`.execute(trx);
}

/** Gives the costs to the lines of the request log that were there first. */
async function tellLogs(trx: Transaction<Tables>, rows: readonly RequestRow[]): Promise<void> {
  if (rows.length === 0) return;
  const { from, to } = spanOf(times(rows, 'accepted_at'));
  const costs = rows.map(({ id, cost_micros }) => ({ id, cost_micros }));
  await sql`
    update request_logs set cost_micros = costs.cost_micros
    from json_to_recordset(${toJson(costs)}::json) as costs (id text, cost_micros bigint)
    where request_logs.id = costs.id and arrived_at between ${from} and ${to}
      and request_logs.cost_micros is distinct from costs.cost_micros`.execute(trx);
}

function times<Name extends string>(rows: readonly { readonly [Key in Name]: Date }[], name: Name): readonly Date[] {
  return rows.map((row) => row[name]);
}

const arrivalsOf = (logs: readonly RequestLog[]): readonly Date[] => logs.map(({ arrivedAt }) => new Date(arrivedAt));

interface Span {
  readonly from: Date;
  readonly to: Date;
}

function spanOf(dates: readonly Date[]): Span {
  let from = Infinity;
  let to = -Infinity;
  for (const date of dates) {
    from = Math.min(from, date.getTime());
    to = Math.max(to, date.getTime());
  }
  return { from: new Date(from - slackMs), to: new Date(to + slackMs) };
}
