import {
  connectStore,
  createPartitions,
  findRequest,
  listRequests,
  migrateStore,
  type RequestFilter,
  type Store,
} from '@sluice/store';
import { afterFile, startPostgres } from '@sluice/testkit';
import { CompiledQuery } from 'kysely';
import { beforeAll, expect, it } from 'vitest';

/** `SLUICE_LOG_ROWS=10000000` measures what is promised; the default takes a minute instead of ten. */
const rows = Number(process.env['SLUICE_LOG_ROWS'] ?? '500000');
const days = 30;
const dayMs = 86_400_000;
const today = Math.floor(Date.now() / dayMs) * dayMs;
const boundMs = 300;
const rounds = 20;

let store: Store;

beforeAll(async () => {
  const server = await startPostgres();
  afterFile(() => server.stop());
  await migrateStore({ url: server.url, connectTimeoutMs: 5000 });
  store = connectStore({
    url: server.url,
    poolSize: 2,
    statementTimeoutMs: 600_000,
    connectTimeoutMs: 5000,
    onError: () => undefined,
  });
  afterFile(() => store.close());
  const partitions = createPartitions(store.db);
  for (let day = 0; day < days; day++) await fillDay(partitions, today - day * dayMs);
  await execute('analyze request_logs');
}, 3_600_000);

const execute = (text: string): Promise<unknown> => store.db.executeQuery(CompiledQuery.raw(text));

/** Writes the lines of a day: 200 keys, 20 models, one error in thirty, at random times of the day. */
async function fillDay(partitions: ReturnType<typeof createPartitions>, from: number): Promise<void> {
  await partitions.cover('request_logs', [new Date(from)]);
  const perDay = Math.ceil(rows / days);
  await execute(`
    insert into request_logs (arrived_at, id, public_id, key_id, model, upstream, operation, status, outcome, code, error,
      duration_ms, cost_micros, entry)
    select at, id, 'req-' || id, key_id, model, 'openai', 'chat', status,
      case when status = 200 then 'complete' else 'error' end,
      case when status = 200 then null else 'upstream_error' end,
      case when status = 200 then null else 'The provider answered ' || status || ' from host-' || (n % 997) end,
      1000, (n::bigint * 7919) % 50000,
      jsonb_build_object('id', id, 'publicId', 'req-' || id, 'keyId', key_id, 'model', model, 'arrivedAt',
        (extract(epoch from at) * 1000)::bigint, 'durationMs', 1000, 'status', status, 'outcome', 'complete', 'timeline',
        '{"auth":1,"body":1,"admission":1,"queue":1,"attempts":500,"stream":493,"relay":2,"client":1}'::jsonb)
    from (
      select n, to_timestamp(${from} / 1000 + random() * 86399) as at, md5(n || '-${from}') as id,
        'key-' || (n % 200) as key_id, 'model-' || (n % 20) as model,
        case when n % 30 = 0 then 500 + (n / 30) % 5 else 200 end as status
      from generate_series(1, ${perDay}) as n
    ) as made`);
}

async function p95Of(ask: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const startedAt = performance.now();
    await ask();
    times.push(performance.now() - startedAt);
  }
  return times.toSorted((one, other) => one - other)[Math.ceil(rounds * 0.95) - 1] ?? Infinity;
}

const filters: Readonly<Record<string, RequestFilter>> = {
  none: {},
  'a key': { keyId: 'key-77' },
  'a model and failures': { model: 'model-10', minStatus: 500 },
  'a status': { minStatus: 503, maxStatus: 503 },
  'an unknown status': { minStatus: 418, maxStatus: 418 },
  'a high cost': { minCostMicros: 49_990 },
  'a week in the past': { from: today - 20 * dayMs, to: today - 13 * dayMs },
  'a text of errors': { error: 'host-424' },
  'a text that no error has': { error: 'certificate has expired' },
  'a text of errors of a key': { error: 'host-12', keyId: 'key-40' },
};

it.each(Object.entries(filters))(`lists a page by %s within ${boundMs} ms`, async (_what, filter) => {
  const p95 = await p95Of(() => listRequests(store.db, { filter, limit: 50 }));
  expect(p95, `p95 over ${rows} rows, in ms`).toBeLessThan(boundMs);
});

it('lists a page from the middle of all, and finds one request', async () => {
  const after = { arrivedAt: today - 15 * dayMs, id: 'x' };
  expect(await p95Of(() => listRequests(store.db, { after, limit: 50 }))).toBeLessThan(boundMs);
  const { requests } = await listRequests(store.db, { after, limit: 1 });
  const [found] = requests;
  expect(found).toBeDefined();
  expect(await p95Of(() => findRequest(store.db, found?.log.publicId ?? ''))).toBeLessThan(boundMs);
});
