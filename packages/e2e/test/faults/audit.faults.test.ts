import { costOf, createPricing } from '@sluice/prices';
import { connect, type RedisConnection } from '@sluice/redis';
import { connectStore, type Store } from '@sluice/store';
import { afterFile, type RedisServer, startPostgres, startRedis, until } from '@sluice/testkit';
import { beforeAll, expect, it } from 'vitest';
import { apiKey, type Sluice, startSluice } from '../sluice.ts';
import { readBill, readLedger } from './audit/books.ts';
import { compare } from './audit/compare.ts';
import { createDisturber } from './audit/disturb.ts';
import { drive } from './audit/drive.ts';
import { toTable } from './audit/print.ts';
import { models, priceOverrides, upstreamOfCredential, upstreamsAt } from './audit/providers.ts';
import { createDice, planRequests } from './audit/requests.ts';

/** `npm run audit` sets them. */
const { env } = process;
const count = Number(env['SLUICE_AUDIT_REQUESTS'] ?? 400);
const seed = Number(env['SLUICE_AUDIT_SEED'] ?? 1);
const hasKills = env['SLUICE_AUDIT_KILLS'] !== '0';
const aborted = Number(env['SLUICE_AUDIT_ABORTED'] ?? 0.3);

const requestsPerKill = 60;
const requestsPerSecond = 5;

let server: RedisServer;
let redis: RedisConnection;
let store: Store;
let sluice: Sluice;
beforeAll(async () => {
  server = await startRedis({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
  afterFile(() => server.stop());
  redis = connect({
    settings: { kind: 'single', url: server.url },
    role: 'blocking',
    name: 'audit',
    onError: () => undefined,
  });
  afterFile(() => redis.disconnect());
  const postgres = await startPostgres();
  afterFile(() => postgres.stop());
  store = connectStore({
    url: postgres.url,
    poolSize: 1,
    statementTimeoutMs: 60_000,
    connectTimeoutMs: 5000,
    onError: () => undefined,
  });
  afterFile(() => store.close());
  sluice = await startSluice({
    ingresses: 3,
    workers: 3,
    redis: { url: server.url },
    env: { LOG_LEVEL: 'warn' },
    config: (simulatorUrl) => ({
      keys: [{ name: 'test', key: apiKey, models: ['*'] }],
      database: { url: postgres.url },
      limits: { max_concurrent_requests: 500, default_key_concurrency: 500, queue_size: 500 },
      retry: { max_attempts: 4, base_delay_ms: 5, max_delay_ms: 50 },
      prices: { overrides: priceOverrides },
      upstreams: upstreamsAt(simulatorUrl),
      models,
    }),
  });
});

const pricing = createPricing({
  overrides: priceOverrides.map(({ cache_read: cacheRead, cache_write: cacheWrite, ...rest }) => ({
    ...rest,
    cacheRead,
    cacheWrite,
  })),
  unknownModel: 'refuse',
  default: { input: 0, output: 0 },
  compileGlob: (glob) => (name) => glob === '*' || glob === name,
});

/** Resolves when nothing runs any more, and all entries are in the database. */
async function untilSettled(): Promise<void> {
  const left = async (): Promise<Readonly<Record<string, number>>> => {
    const keys = await redis.keys('*');
    const sizeOf = async (ending: string, read: (key: string) => Promise<number>): Promise<number> => {
      const key = keys.find((name) => name.endsWith(ending));
      return key === undefined ? 0 : await read(key);
    };
    return {
      calls: (await sluice.simulator.stats()).open,
      leases: await sizeOf('{adm}:leases', (key) => redis.zcard(key)),
      open: await sizeOf('{adm}:open', (key) => redis.hlen(key)),
      ledger: await sizeOf('{adm}:ledger', (key) => redis.xlen(key)),
      attempts: await sizeOf('outbox:{attempts}', (key) => redis.xlen(key)),
      openAttempts: keys.filter((key) => key.includes('outbox:{attempts}:open:')).length,
    };
  };
  const isEmpty = async (): Promise<boolean> => Object.values(await left()).every((size) => size === 0);
  await until(isEmpty, { what: 'all to be settled', timeoutMs: 120_000, intervalMs: 500 }).catch(async () =>
    expect(await left()).toEqual({ calls: 0, leases: 0, open: 0, ledger: 0, attempts: 0, openAttempts: 0 }),
  );
}

it(
  `the ledger of ${count} requests is the bill of the providers (seed ${seed})`,
  async () => {
    const dice = createDice(seed);
    const requests = planRequests(count, dice, aborted);
    const disturber = createDisturber({ fleet: sluice.fleet, server, redis, dice });
    let turn = 0;
    let kills = Promise.resolve();
    const nextKill = (done: number): void => {
      if (!hasKills) return;
      const act =
        done === Math.floor(count / 2)
          ? disturber.killRedis
          : done % requestsPerKill === 0
            ? disturber.killReplica
            : undefined;
      if (act !== undefined) kills = kills.then(act);
      if (done % 20 === 0) kills = kills.then(disturber.deliverAgain);
    };
    const driven = await drive({
      requests,
      concurrency: 32,
      nextUrl: () => {
        const urls = disturber.urls();
        return urls[turn++ % urls.length] ?? '';
      },
      onDone: nextKill,
    });
    await kills;
    await untilSettled();
    const comparison = compare({
      driven,
      hasKills,
      bill: await readBill(sluice.simulatorProcess.url, upstreamOfCredential),
      ledger: await readLedger(store),
      priceOf: ({ upstream, model, at, tokens }) =>
        costOf(tokens, pricing.priceOf({ upstream, type: upstream, baseUrl: '', model, at })).costMicros,
    });
    const outcomes = Map.groupBy(driven, ({ status, code }) => `${status ?? 'no answer'} ${code ?? ''}`.trim());
    const clients = [...outcomes].map(([outcome, { length }]) => `${outcome}: ${length}`).join(', ');
    process.stdout.write(
      `${toTable(comparison)}\nClients: ${clients}.\nDisturbances: ${JSON.stringify(disturber.counts)}.\n`,
    );
    expect(comparison.differences).toEqual([]);
  },
  180_000 + (count / requestsPerSecond) * 1000,
);
