import { randomUUID } from 'node:crypto';
import {
  type Fleet,
  type RedisServer,
  type ServiceProcess,
  type SimulatorControl,
  simulatorControl,
  spawnService,
  startFleet,
  startPostgres,
  startRedis,
} from '@sluice/testkit';

/** A fleet with its simulator, and clients for it. */
export interface Scene {
  readonly fleet: Fleet;
  readonly simulator: SimulatorControl;
  /** Sends a request and reads its answer; returns the status, or 0 if the client left. */
  ask(model: string, options?: AskOptions): Promise<number>;
  /** Addresses of the metrics pages of all running processes, by job. */
  targets(): Readonly<Record<string, readonly string[]>>;
  stop(): Promise<void>;
}

export interface AskOptions {
  readonly key?: string;
  /** Default true. */
  readonly stream?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  /** Time after which the client leaves. */
  readonly leaveAfterMs?: number;
  /** Default `/v1/chat/completions`. */
  readonly path?: string;
}

export const keys = {
  /** A key without limits. */
  open: 'sk-team-a-without-limits',
  /** A key with ten requests a minute. */
  limited: 'sk-team-b-ten-a-minute',
  /** A key whose budget is spent after a few requests. */
  spent: 'sk-team-c-a-small-budget',
} as const;

/** Long, because other tests may use the machine too. */
const readyTimeoutMs = 60_000;

const upstream = (id: string, simulatorUrl: string): object => ({
  id,
  type: 'openai',
  base_url: `${simulatorUrl}/v1`,
  credentials: ['a', 'b'].map((credential) => ({ id: credential, api_key: `tok-${id}-${credential}` })),
});

const configOf = (simulatorUrl: string, databaseUrl: string): Record<string, unknown> => ({
  database: { url: databaseUrl },
  prices: { overrides: [{ model: 'demo*', input: 3, output: 15 }] },
  keys: [
    { name: 'team-a', key: keys.open },
    { name: 'team-b', key: keys.limited, limits: { rpm: 10, rpm_burst: 3 } },
    { name: 'team-c', key: keys.spent, budgets: { day_usd: 0.001 } },
  ],
  upstreams: ['main', 'flaky', 'limited', 'broken'].map((id) => upstream(id, simulatorUrl)),
  models: [
    { id: 'demo*', targets: [{ upstream: 'main' }] },
    { id: 'flaky*', targets: [{ upstream: 'flaky' }] },
    { id: 'limited*', targets: [{ upstream: 'limited' }] },
    { id: 'broken', targets: [{ upstream: 'broken', model: 'demo-e500' }] },
  ],
  limits: { max_concurrent_requests: 12, queue_size: 12, default_key_concurrency: 12, max_queue_wait_ms: 20_000 },
  retry: { base_delay_ms: 20, max_delay_ms: 200, max_attempts: 3 },
  circuit: { failures: 5, open_ms: 60_000 },
  worker: { concurrency: 16 },
});

/** Starts two ingresses, two workers, a simulator, a separate Redis and a PostgreSQL, on free ports of 127.0.0.1. */
export async function startScene({ env }: { readonly env: Readonly<Record<string, string>> }): Promise<Scene> {
  const redis: RedisServer = await startRedis({ args: ['--maxmemory', '256mb'] });
  const postgres = await startPostgres();
  const simulator = await spawnService('simulator', { readyTimeoutMs });
  const fleet = await startFleet({
    redisUrl: redis.url,
    keyPrefix: 'boards',
    env: { LOG_LEVEL: 'info', ...env },
    config: configOf(simulator.url, postgres.url),
    readyTimeoutMs,
  });
  let turn = 0;
  const addressOf = ({ managementUrl }: ServiceProcess): string => new URL(managementUrl).host;
  return {
    fleet,
    simulator: simulatorControl(simulator.url),
    async ask(
      model,
      { key = keys.open, stream = true, headers = {}, leaveAfterMs, path = '/v1/chat/completions' } = {},
    ) {
      const url = `${fleet.urls[turn++ % fleet.urls.length]}${path}`;
      try {
        const response = await fetch(url, {
          method: 'POST',
          headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
          // The simulator counts the tries of each conversation.
          body: JSON.stringify({
            model,
            stream,
            messages: [{ role: 'user', content: `Tell me about ${randomUUID()}.` }],
          }),
          signal: leaveAfterMs === undefined ? null : AbortSignal.timeout(leaveAfterMs),
        });
        await response.text();
        return response.status;
      } catch {
        return 0;
      }
    },
    targets: () => ({
      'sluice-ingress': fleet.ingresses.map(addressOf),
      'sluice-worker': fleet.workers.map(addressOf),
    }),
    async stop() {
      await fleet.stop();
      await simulator.stop();
      await redis.stop();
      await postgres.stop();
    },
  };
}
