import { sql } from 'kysely';
import { beforeAll, expect, test } from 'vitest';
import { listRequests, type RequestFilter } from '../../src/index.ts';
import { noon } from '../entries.ts';
import { openStore, type TestStore } from '../open-store.ts';

/**
 * Rows of the log. CI takes few, so that the queries stay right; `SLUICE_LOG_ROWS=10000000` measures them at their size, which
 * takes some 15 GB of disk. docs/request-log.md has the figures.
 */
const rowCount = Number(process.env['SLUICE_LOG_ROWS'] ?? 20_000);
const days = 10;
const rounds = 20;
const mostMs = 300;
let opened: TestStore;

beforeAll(async () => {
  opened = await openStore();
  const { store, partitions } = opened;
  const dayMs = 86_400_000;
  await partitions.cover(
    'request_logs',
    Array.from({ length: days }, (_, day) => new Date(noon - day * dayMs)),
  );
  const midnight = new Date(noon - 12 * 3_600_000);
  for (let day = 0; day < days; day++) {
    const from = new Date(midnight.getTime() - day * dayMs);
    await insertDay(store.db, from);
  }
  await sql`analyze request_logs`.execute(store.db);
}, 3_600_000);

/** Inserts a tenth of the rows: 50 keys, 20 models, one in 20 failed, one in 100 refused. */
function insertDay(db: TestStore['store']['db'], from: Date): Promise<unknown> {
  const count = Math.ceil(rowCount / days);
  return db.transaction().execute(async (trx) => {
    await sql`set local statement_timeout = 0`.execute(trx);
    await sql`
      insert into request_logs (arrived_at, id, public_id, trace_id, key_id, model, upstream, operation, status, outcome, code,
        error, duration_ms, cost_micros, entry)
      select at, id, 'req-' || id, md5(id), key_id, model, 'upstream-' || n % 5, 'chat', status, outcome, code, error, 1500,
        case when status = 200 then n % 5000 end,
        jsonb_build_object('id', id, 'publicId', 'req-' || id, 'arrivedAt', (extract(epoch from at) * 1000)::bigint,
          'durationMs', 1500, 'status', status, 'outcome', outcome, 'keyId', key_id, 'model', model, 'operation', 'chat',
          'stream', true, 'attempts', 1, 'clientAddress', '10.0.0.1', 'userAgent', 'OpenAI/JS 7.55.0', 'timeline',
          '{"auth":1,"body":1,"admission":1,"queue":2,"attempts":500,"stream":994,"client":1}'::jsonb)
          || case when code is null then '{}'::jsonb else jsonb_build_object('code', code, 'error', error) end
      from (
        select n, ${from}::timestamptz + n * interval '1 day' / ${count}::int as at, md5(${from.toISOString()} || n) as id,
          'key-' || n * 7 % 50 as key_id, 'model-' || n * 3 % 20 as model,
          case when n % 20 = 0 then 502 when n % 100 = 1 then 429 else 200 end as status,
          case when n % 20 = 0 then 'error' when n % 100 = 1 then 'refused' else 'complete' end as outcome,
          case when n % 20 = 0 then 'upstream_error' when n % 100 = 1 then 'rate_limit_exceeded' end as code,
          case when n % 20 = 0 then 'The provider failed: no answer of host ' || md5(n::text)
            when n % 100 = 1 then 'The rate limit of this API key is reached.' end as error
        from generate_series(0, ${count}::int - 1) as n
      ) as rows`.execute(trx);
  });
}

const day = 86_400_000;
test.each<[string, RequestFilter]>([
  ['all', {}],
  ['of a key', { keyId: 'key-7' }],
  ['of a model', { model: 'model-3' }],
  ['of a key and a model, failed', { keyId: 'key-0', model: 'model-0', minStatus: 500, maxStatus: 599 }],
  ['failed', { minStatus: 500, maxStatus: 599 }],
  ['of an outcome', { outcome: 'refused' }],
  ['of a day', { from: noon - 5 * day, to: noon - 4 * day }],
  ['dear', { minCostMicros: 4990 }],
  ['with a text in the error', { error: 'rate limit of this' }],
  ['with a rare text in the error', { error: 'c4ca4238a0b923820dcc509a6f75849b' }],
  ['with an id', { id: 'req-unknown' }],
])('lists the requests %s', async (_what, filter) => {
  const { db } = opened.store;
  const times: number[] = [];
  let after;
  for (let round = 0; round < rounds; round++) {
    const startedAt = performance.now();
    const page = await listRequests(db, { filter, after, limit: 50 });
    times.push(performance.now() - startedAt);
    after = page.next;
  }
  const sorted = times.toSorted((one, other) => one - other);
  const p95 = sorted[Math.ceil(0.95 * rounds) - 1] ?? Infinity;
  expect(p95, `p95 of ${rowCount} rows`).toBeLessThan(mostMs);
  if (rowCount > 1_000_000) process.stdout.write(`${_what}: p95 ${p95.toFixed(1)} ms\n`);
});
