import { connect, type RedisConnection } from '@sluice/redis';
import { afterFile, startRedis, until } from '@sluice/testkit';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { apiKey, ask, type Sluice, startSluice, upstream } from './sluice.ts';

/** The Redis users as SECURITY.md defines them. */
const users = Array.from(
  readFileSync(new URL('../../../SECURITY.md', import.meta.url), 'utf8').matchAll(
    /^user (sluice-\w+) ([^]*?)\n(?=\n|user |```)/gm,
  ),
  ([, name = '', rules = '']) => ({
    name,
    rules: rules.split(/\s+/).map((rule) => rule.replace('PASSWORD', name).replace('~sluice:', '~e2e-*:')),
  }),
);

let sluice: Sluice;
let redis: RedisConnection;
beforeAll(async () => {
  const server = await startRedis();
  afterFile(() => server.stop());
  redis = connect({
    settings: { kind: 'single', url: server.url },
    role: 'blocking',
    name: 'test',
    onError: () => undefined,
  });
  afterFile(() => redis.disconnect());
  for (const { name, rules } of users) await redis.call('ACL', 'SETUSER', name, ...rules);
  const urlOf = (name: string): string => server.url.replace('redis://', `redis://${name}:${name}@`);
  sluice = await startSluice({
    ingresses: 2,
    workers: 2,
    redis: { url: server.url },
    redisUrls: { ingress: urlOf('sluice-ingress'), worker: urlOf('sluice-worker') },
    env: { SLUICE_SECRET_KEY: 'a-secret-of-the-operator-0001' },
    config: (simulatorUrl) => ({
      keys: [
        {
          name: 'test',
          key: apiKey,
          limits: { concurrency: 20, rpm: 6000, tpm: 10_000_000 },
          budgets: { day_usd: 1_000_000 },
          team: 'all',
        },
      ],
      teams: [
        { id: 'all', limits: { concurrency: 20, rpm: 6000, tpm: 10_000_000 }, budgets: { total_usd: 1_000_000 } },
      ],
      upstreams: [
        upstream('sim', simulatorUrl, ['a', 'b']),
        upstream('calm', simulatorUrl),
        {
          id: 'web',
          type: 'zai-web',
          base_url: simulatorUrl,
          options: { signing_variant: 'v2', signing_key: 'key-@@@@)))()((9))-xxxx&&&%%%%%', zai_web_guests: true },
          credentials: [{ id: 'guest', anonymous: true }],
        },
      ],
      models: [
        { id: 'calm-*', targets: [{ upstream: 'calm' }] },
        { id: 'web-*', targets: [{ upstream: 'web' }] },
        { id: '*', targets: [{ upstream: 'sim' }] },
      ],
      limits: { max_concurrent_requests: 4, queue_size: 20 },
    }),
  });
});

async function send(model: string, fields: object = {}, signal?: AbortSignal): Promise<number> {
  const response = await fetch(`${sluice.url()}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ ...ask(model), ...fields }),
    ...(signal === undefined ? {} : { signal }),
  });
  await response.text();
  return response.status;
}

async function activeJobs(): Promise<number> {
  const lists = await redis.keys('*:active');
  const lengths = await Promise.all(lists.map((list) => redis.llen(list)));
  return lengths.reduce((sum, length) => sum + length, 0);
}

const pages = (): Promise<string[]> =>
  Promise.all(
    [...sluice.fleet.ingresses, ...sluice.fleet.workers].map(async ({ metricsUrl }) =>
      (await fetch(metricsUrl)).text(),
    ),
  );

describe('the users of SECURITY.md', () => {
  it('are three', () => {
    expect(users.map(({ name }) => name)).toEqual(['sluice-ingress', 'sluice-worker', 'sluice-admin']);
  });

  it('may do all that the services do, and the services do nothing else', async () => {
    const stream = { stream: true };
    // More requests than leases: some wait for one.
    expect(await Promise.all(Array.from({ length: 12 }, () => send('demo-f50-t3', stream)))).toEqual(
      Array.from({ length: 12 }, () => 200),
    );
    expect([await send('demo-t3'), await send('web-t3', stream)]).toEqual([200, 200]);
    // Retries, cooldowns of credentials, circuits, resumed streams.
    expect(await send('demo-e429-n1-r1-t3', stream)).toBe(200);
    expect(await send('demo-e401-t3')).toBeGreaterThan(400);
    await Promise.all([send('demo-e500-t3'), send('demo-e500-t3'), send('demo-cut-k2-n1-t9', stream)]);
    // Clients that leave: while they wait for a lease, for a worker, for the provider.
    const client = new AbortController();
    const left = Array.from({ length: 8 }, () => send('calm-hang', stream, client.signal).catch(() => 0));
    await until(async () => (await sluice.simulator.stats()).open >= 4, { what: 'calls to be open' });
    client.abort();
    await Promise.all(left);
    await pages();
    const models = await fetch(`${sluice.url()}/models`, { headers: { authorization: `Bearer ${apiKey}` } });
    expect(models.status).toBe(200);
    // Redis loses its data, so that an ingress asks the workers for runs.
    await redis.flushall();
    expect(
      (await Promise.all(Array.from({ length: 4 }, () => send('calm-t3', stream)))).every((each) => each === 200),
    ).toBe(true);
    // A worker dies: other workers take over its jobs.
    const streams = Array.from({ length: 4 }, () => send('calm-i100-t30', stream));
    await until(async () => (await activeJobs()) === 4, { what: 'the jobs to be active' });
    sluice.fleet.workers[0]?.kill('SIGKILL');
    expect((await Promise.all(streams)).every((each) => each === 200)).toBe(true);
    await until(async () => (await activeJobs()) === 0, {
      what: 'the dead worker to have no job',
      timeoutMs: 30_000,
    });
    await Promise.all([...sluice.fleet.workers.slice(1), ...sluice.fleet.ingresses].map((each) => each.stop()));
    expect(await redis.call('ACL', 'LOG')).toEqual([]);
    for (const each of [...sluice.fleet.ingresses, ...sluice.fleet.workers]) {
      expect(each.output()).not.toMatch(/NOPERM|no permissions/i);
    }
  });

  it('may not do more: neither read the configuration nor the keys of others', async () => {
    const dryRun = (user: string, ...command: string[]): Promise<unknown> =>
      redis.call('ACL', 'DRYRUN', user, ...command);
    for (const user of ['sluice-ingress', 'sluice-worker']) {
      for (const command of [
        ['CONFIG', 'GET', '*'],
        ['FLUSHALL'],
        ['KEYS', '*'],
        ['GET', 'other'],
        ['ACL', 'LIST'],
        ['DEBUG', 'SLEEP', '1'],
        ['MONITOR'],
      ])
        expect(await dryRun(user, ...command), `${user} ${command.join(' ')}`).not.toBe('OK');
    }
    expect(await dryRun('sluice-ingress', 'GET', 'e2e-x:{up:sim}:token:a')).not.toBe('OK');
    expect(await dryRun('sluice-worker', 'ZRANGE', 'e2e-x:{adm}:leases', '0', '-1')).not.toBe('OK');
    // `npm run cooldowns` compares ends with Redis's clock.
    for (const command of [['KEYS', '*'], ['TIME']]) expect(await dryRun('sluice-admin', ...command)).toBe('OK');
  });
});
