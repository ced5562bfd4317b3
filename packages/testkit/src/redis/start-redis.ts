import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onFreePort } from '../processes/free-port.ts';
import { type RunningProcess, startProcess } from '../processes/start-process.ts';
import { findServerBinary, serverArguments } from './server-binary.ts';

/** Options of {@link startRedis}. */
export interface RedisOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** More arguments of `redis-server`, which override the defaults: `['--appendonly', 'yes']`. */
  readonly args?: readonly string[];
}

/** A test's own Redis server, which the test may pause, kill and restart. */
export interface RedisServer {
  /** URL without a password: `redis://127.0.0.1:40123`. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Process id of the newest run. */
  readonly pid: number;
  /** Product and version: `Redis 7.0.15`. */
  readonly title: string;
  /** Returns the log of the newest run. */
  output(): string;
  /** Sends SIGSTOP: connections stay open without answers. */
  pause(): void;
  /** Sends SIGCONT. */
  resume(): void;
  /** Sends SIGKILL; resolves when it has ended. Only data that `args` made it write to disk survives. */
  kill(): Promise<void>;
  /** Starts it again on the same port and data directory, after `kill()` if it runs. Resolves when it accepts connections. */
  restart(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

const host = '127.0.0.1';

/**
 * Starts a server on 127.0.0.1 with its own data directory, no persistence and `noeviction`. DEBUG is allowed if the version
 * (7 or later) can restrict it to local connections. Resolves when it accepts connections.
 * @throws Error when no `redis-server` or `valkey-server` is on PATH, or with its log when it does not start.
 */
export async function startRedis({ port: wantedPort, args = [] }: RedisOptions = {}): Promise<RedisServer> {
  const binary = await findServerBinary();
  if (binary === undefined) throw new Error('This needs a redis-server or valkey-server on PATH, and there is none.');
  const { path, title, majorVersion } = binary;
  const directory = await mkdtemp(join(tmpdir(), 'sluice-redis-'));

  async function run(port: number): Promise<RunningProcess> {
    return startProcess({
      command: path,
      args: [...serverArguments({ port, directory, majorVersion }), ...args],
      cwd: directory,
      // A PING would also be answered by another server on the port.
      ready: (server) => server.output().includes('Ready to accept connections'),
    });
  }

  async function firstRun(port: number): Promise<{ port: number; running: RunningProcess }> {
    return { port, running: await run(port) };
  }

  const first = await (wantedPort === undefined ? onFreePort(firstRun) : firstRun(wantedPort)).catch(
    async (error: unknown) => {
      await rm(directory, { recursive: true, force: true });
      throw error;
    },
  );
  const { port } = first;
  let { running } = first;

  async function kill(): Promise<void> {
    running.kill('SIGKILL');
    await running.exited;
  }

  return {
    url: `redis://${host}:${port}`,
    host,
    port,
    title,
    get pid() {
      return running.pid;
    },
    output: () => running.output(),
    pause: () => running.kill('SIGSTOP'),
    resume: () => running.kill('SIGCONT'),
    kill,
    async restart() {
      await kill();
      running = await run(port);
    },
    async stop() {
      await kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
