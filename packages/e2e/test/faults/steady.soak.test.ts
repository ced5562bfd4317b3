import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from '@sluice/redis';
import {
  afterFile,
  type ChaosProxy,
  type RedisServer,
  type ServiceProcess,
  startChaosProxy,
  startRedis,
  until,
} from '@sluice/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { metric } from '../traffic.ts';
import { type Asked, kill, outcomesOf, type Scene, startScene } from './scene.ts';

const minutes = Number(process.env['SOAK_MINUTES'] ?? 30);
const faultEveryMs = 60_000;
const streamsAtOnce = 80;
const leaseMs = 6000;
/** The first process of each kind is spared, so that its memory can be measured from the beginning to the end. */
const spared = 1;

let redis: RedisServer;
let link: ChaosProxy;
let scene: Scene;
beforeAll(async () => {
  redis = await startRedis({ args: ['--appendonly', 'yes', '--appendfsync', 'everysec'] });
  afterFile(() => redis.stop());
  link = await startChaosProxy({ target: redis });
  afterFile(() => link.close());
  scene = await startScene({
    ingresses: 2,
    workers: 2,
    config: { limits: { lease_ms: leaseMs } },
    redisUrl: redis.url,
    redis: { url: redis.url },
    redisUrls: { worker: link.through(redis.url) },
    env: { LOG_LEVEL: 'info' },
  });
});

interface Sample {
  readonly minute: number;
  readonly rssMb: number;
  readonly openFiles: number;
}

const megabyte = 1024 * 1024;
async function sample({ managementUrl: url }: ServiceProcess, minute: number): Promise<Sample> {
  const [rss, openFiles] = await Promise.all([
    metric(url, 'process_resident_memory_bytes'),
    metric(url, 'process_open_fds'),
  ]);
  return { minute, rssMb: rss / megabyte, openFiles };
}

/** Slope of a straight line through the samples, in MB a minute. */
function slope(samples: readonly Sample[]): number {
  const mean = (of: (each: Sample) => number): number =>
    samples.reduce((sum, each) => sum + of(each), 0) / samples.length;
  const [x, y] = [mean(({ minute }) => minute), mean(({ rssMb }) => rssMb)];
  const over = samples.reduce((sum, { minute, rssMb }) => sum + (minute - x) * (rssMb - y), 0);
  return over / samples.reduce((sum, { minute }) => sum + (minute - x) ** 2, 0);
}

/** Runs one fault of each kind in turn, in an order that looks random and is always the same. */
function* faults(): Generator<readonly [string, () => Promise<unknown>]> {
  const replaced = (kind: 'ingress' | 'worker', how: 'SIGKILL' | 'SIGTERM') => async (): Promise<void> => {
    const those = scene.fleet[kind === 'ingress' ? 'ingresses' : 'workers'];
    const victim = those.slice(spared).find((each) => !scene.mayEnd.has(each));
    await scene.add(kind);
    if (how === 'SIGKILL') kill(scene, victim);
    if (victim === undefined) throw new Error(`no ${kind} may be stopped`);
    scene.mayEnd.add(victim);
    victim.kill('SIGTERM');
  };
  const command =
    (...words: readonly [string, ...string[]]) =>
    async (): Promise<void> => {
      const settings = { kind: 'single', url: redis.url } as const;
      const connection = connect({ settings, role: 'blocking', name: 'soak', onError: () => undefined });
      await connection.call(...words);
      connection.disconnect();
    };
  const paused = (ms: number) => async (): Promise<void> => {
    redis.pause();
    await passed(ms);
    redis.resume();
  };
  const linkIs = (mode: Parameters<ChaosProxy['set']>[0], ms: number) => async (): Promise<void> => {
    link.set(mode);
    await passed(ms);
    link.set({ kind: 'pass' });
  };
  const kinds: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['a worker is killed', replaced('worker', 'SIGKILL')],
    ['Redis stops for 2 s', paused(2000)],
    ['an ingress is replaced', replaced('ingress', 'SIGTERM')],
    ["the workers' connections to Redis are reset", linkIs({ kind: 'reset' }, 100)],
    ['scripts are forgotten', command('SCRIPT', 'FLUSH')],
    ['an ingress is killed', replaced('ingress', 'SIGKILL')],
    ['the upstream refuses for 1 s', () => scene.simulator.refuse(1000)],
    ['a worker is replaced', replaced('worker', 'SIGTERM')],
    ['all connections to Redis are cut', command('CLIENT', 'KILL', 'TYPE', 'normal')],
    ['the link from Redis to the workers is silent for 3 s', linkIs({ kind: 'blackhole' }, 3000)],
    ['Redis is killed and comes back', () => redis.kill().then(() => redis.restart())],
  ];
  for (;;) yield* kinds;
}

async function passed(ms: number): Promise<void> {
  const since = performance.now();
  await until(() => performance.now() - since >= ms, { what: 'time to pass', timeoutMs: ms + 5000, intervalMs: 25 });
}

describe('a soak', () => {
  it(
    `of ${minutes} minutes with a fault a minute loses nothing and leaves nothing behind`,
    async () => {
      const startedAt = performance.now();
      const elapsed = (): number => (performance.now() - startedAt) / 60_000;
      const isOver = (): boolean => elapsed() >= minutes;
      const asked: Asked[] = [];
      const isAlive = (at: number): boolean => {
        const each = scene.fleet.ingresses[at];
        return each !== undefined && !scene.mayEnd.has(each);
      };
      async function client(): Promise<void> {
        for (let turn = 0; !isOver(); turn++) {
          const alive = scene.fleet.ingresses.flatMap((_, at) => (isAlive(at) ? [at] : []));
          const each = scene.ask({ model: 'demo-i40', tokens: 50, at: alive[turn % alive.length] ?? 0, maxRetries: 2 });
          asked.push(each);
          await each.over;
        }
      }
      const watched = [scene.fleet.ingresses[0], scene.fleet.workers[0]] as readonly ServiceProcess[];
      const samples = new Map<ServiceProcess, Sample[]>(watched.map((each) => [each, []]));
      async function watch(): Promise<void> {
        while (!isOver()) {
          for (const [each, those] of samples) those.push(await sample(each, elapsed()));
          await passed(10_000);
        }
      }
      const told: string[] = [];
      async function disturb(): Promise<void> {
        for (const [what, act] of faults()) {
          await passed(faultEveryMs);
          if (isOver()) return;
          told.push(what);
          await act();
        }
      }
      await Promise.all([watch(), disturb(), ...Array.from({ length: streamsAtOnce }, client)]);
      await scene.expectInvariants({ leaseMs, maxCalls: 4 });

      const memory = watched.map((each, at) => {
        const those = samples.get(each) ?? [];
        const warm = those.filter(({ minute }) => minute > minutes / 5);
        return {
          process: at === 0 ? 'ingress' : 'worker',
          firstMb: Math.round(warm[0]?.rssMb ?? 0),
          lastMb: Math.round(warm.at(-1)?.rssMb ?? 0),
          mbPerMinute: Number(slope(warm).toFixed(2)),
          openFiles: [warm[0]?.openFiles, warm.at(-1)?.openFiles],
        };
      });
      const report = { minutes, requests: asked.length, outcomes: outcomesOf(asked), faults: told.length, memory };
      mkdirSync('.sluice', { recursive: true });
      writeFileSync('.sluice/soak.json', `${JSON.stringify(report, null, 2)}\n`);
      process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
      for (const { mbPerMinute } of memory) expect(mbPerMinute).toBeLessThan(1);
    },
    (minutes + 5) * 60_000,
  );
});
