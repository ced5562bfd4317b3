import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { onFreePort } from '../processes/free-port.ts';
import { type RunningProcess, startProcess } from '../processes/start-process.ts';
import { until } from '../until.ts';
import { findServerBinary } from './server-binary.ts';
import { type RedisServer, startRedis } from './start-redis.ts';

/** A master with a replica, and the sentinels that promote the replica when the master fails. */
export interface RedisFailover {
  /** Name of the pair at the sentinels. */
  readonly name: string;
  readonly sentinels: readonly { readonly host: string; readonly port: number }[];
  readonly master: RedisServer;
  readonly replica: RedisServer;
  stop(): Promise<void>;
}

interface Sentinel {
  readonly port: number;
  readonly running: RunningProcess;
}

const host = '127.0.0.1';
const name = 'main';
const sentinelCount = 3;
const downAfterMs = 1000;
const failoverTimeoutMs = 5000;

/**
 * Starts all five and resolves when the replica follows and the sentinels have found it and each other.
 * @throws Error as {@link startRedis} does, or when they do not agree within 20 s; then all of them are stopped.
 */
export async function startRedisFailover(): Promise<RedisFailover> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-sentinel-'));
  const servers: RedisServer[] = [];
  const sentinels: Sentinel[] = [];
  async function stop(): Promise<void> {
    await Promise.all(sentinels.map(({ running }) => running.stop()));
    await Promise.all(servers.map((server) => server.stop()));
    await rm(directory, { recursive: true, force: true });
  }
  try {
    const master = await startRedis({ args: ['--repl-diskless-sync-delay', '0'] });
    servers.push(master);
    const replica = await startRedis({ args: ['--replicaof', host, String(master.port)] });
    servers.push(replica);
    for (let at = 0; at < sentinelCount; at++) {
      const file = join(directory, `sentinel-${at}.conf`);
      sentinels.push(await onFreePort((port) => startSentinel({ file, port, directory, masterPort: master.port })));
    }
    await Promise.all(sentinels.map(({ port }) => untilAgreed(port)));
    return { name, sentinels: sentinels.map(({ port }) => ({ host, port })), master, replica, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface SentinelPlace {
  readonly file: string;
  readonly directory: string;
  readonly port: number;
  readonly masterPort: number;
}

/** Starts a sentinel with its own configuration file: sentinels write their state into it. */
async function startSentinel({ file, directory, port, masterPort }: SentinelPlace): Promise<Sentinel> {
  const binary = await findServerBinary();
  if (binary === undefined) throw new Error('This needs a redis-server or valkey-server on PATH, and there is none.');
  const lines = [
    `port ${port}`,
    `bind ${host}`,
    `dir ${directory}`,
    `sentinel monitor ${name} ${host} ${masterPort} 2`,
    `sentinel down-after-milliseconds ${name} ${downAfterMs}`,
    `sentinel failover-timeout ${name} ${failoverTimeoutMs}`,
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  const running = await startProcess({
    command: binary.path,
    args: [file, '--sentinel'],
    cwd: directory,
    ready: (sentinel) => sentinel.output().includes('+monitor'),
  });
  return { port, running };
}

async function untilAgreed(port: number): Promise<void> {
  const connection = new Redis(port, host);
  try {
    await until(
      async () => {
        const fields = (await connection.call('SENTINEL', 'MASTER', name)) as readonly string[];
        const valueOf = (field: string): number => Number(fields[fields.indexOf(field) + 1]);
        return valueOf('num-slaves') === 1 && valueOf('num-other-sentinels') === sentinelCount - 1;
      },
      { what: 'the sentinels to know each other and the replica', timeoutMs: 20_000, intervalMs: 50 },
    );
  } finally {
    connection.disconnect();
  }
}
