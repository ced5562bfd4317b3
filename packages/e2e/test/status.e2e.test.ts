import { until } from '@sluice/testkit';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { apiKey, ask, type Sluice, startSluice, upstream } from './sluice.ts';

const adminKey = 'sk-test-admin-0001';
let sluice: Sluice;
beforeAll(async () => {
  sluice = await startSluice({
    ingresses: 2,
    workers: 2,
    config: (simulatorUrl) => ({
      keys: [
        { name: 'test', key: apiKey },
        { name: 'admin', key: adminKey, admin: true },
      ],
      upstreams: [upstream('sim', simulatorUrl, ['a', 'b']), upstream('spare', simulatorUrl)],
      models: [
        { id: 'broken', targets: [{ upstream: 'spare', model: 'broken-e500' }] },
        { id: '*', targets: [{ upstream: 'sim' }] },
      ],
      queue: { shards: 2 },
      retry: { max_attempts: 1 },
      circuit: { failures: 2, window_ms: 60_000, open_ms: 60_000 },
      limits: { max_concurrent_requests: 7, queue_size: 3 },
    }),
  });
});
beforeEach(() => sluice.simulator.reset());

interface Status {
  readonly fleet: object;
  readonly queue: readonly object[] | null;
  readonly replicas: readonly { readonly service: string; readonly version: string }[] | null;
  readonly upstreams:
    | readonly {
        readonly id: string;
        readonly cooldowns: readonly object[];
        readonly open_circuits: readonly object[];
      }[]
    | null;
}

const statusOf = async (key: string): Promise<Status> => {
  const response = await fetch(`${sluice.fleet.urls[0]}/status`, { headers: { authorization: `Bearer ${key}` } });
  return (await response.json()) as Status;
};
const refusal = (model: string) => sluice.client({ at: 0 }).chat.completions.create(ask(model), { maxRetries: 0 });

describe('the status of the fleet', () => {
  it('has its leases, its queue by shard and all its replicas with their versions', async () => {
    const { fleet, queue, replicas } = await statusOf(adminKey);
    expect(fleet).toEqual({
      running_requests: 0,
      max_running_requests: 7,
      waiting_requests: 0,
      max_waiting_requests: 3,
      longest_wait_ms: 0,
    });
    expect(queue).toEqual([0, 1].map((shard) => ({ shard, waiting: 0, active: 0 })));
    expect(replicas?.map(({ service }) => service).toSorted()).toEqual(['ingress', 'ingress', 'worker', 'worker']);
    expect(replicas?.every(({ version }) => /^\d+\.\d+\.\d+/.test(version))).toBe(true);
  });

  it('has credentials in cooldown and open circuits, from a worker', async () => {
    await expect(refusal('one-e429-r60')).rejects.toMatchObject({ status: 429 });
    for (let time = 0; time < 2; time++) await expect(refusal('broken')).rejects.toMatchObject({ status: 502 });
    await until(async () => (await statusOf(adminKey)).upstreams?.[1]?.open_circuits.length === 1, {
      what: 'the report of the open circuit',
    });
    expect((await statusOf(adminKey)).upstreams).toMatchObject([
      {
        id: 'sim',
        credentials: { ready: 1, in_cooldown: 1 },
        cooldowns: [{ refused: false, reason: 'rate_limit' }],
        open_circuits: [],
      },
      {
        id: 'spare',
        credentials: { ready: 1, in_cooldown: 0 },
        open_circuits: [{ model: 'broken-e500', failures: 2 }],
      },
    ]);
  });

  it('is the summary of a probe to all others', async () => {
    expect(await statusOf(apiKey)).toEqual({ status: 'ok', redis: 'ok', draining: false });
  });
});
