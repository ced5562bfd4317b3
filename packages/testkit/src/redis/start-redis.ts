import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onFreePort } from '../processes/free-port.ts';
import { type RunningProcess, startProcess } from '../processes/start-process.ts';
import { findServerBinary, serverArguments } from './server-binary.ts';

/** Options with which {@link startRedis} starts a server. */
export interface RedisOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** More options as for `redis-server`, which win over those given by default: `['--appendonly', 'yes']`. */
  readonly args?: readonly string[];
}

/** A Redis server of a test's own, to hurt as it likes. */
export interface RedisServer {
  /** Without a password: `redis://127.0.0.1:40123`. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Of the newest run. */
  readonly pid: number;
  /** Product and version: `Redis 7.0.15`. */
  readonly title: string;
  /** The newest run's log. */
  output(): string;
  /** SIGSTOP: connections stay open and nothing answers. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
  /** SIGKILL; resolves when it is gone. Only what its `args` made it write to disk survives. */
  kill(): Promise<void>;
  /** Starts it again on the same port and data directory, after a `kill()` if it still runs; resolves when it accepts connections. */
  restart(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

const host = '127.0.0.1';

/**
 * Starts a server on 127.0.0.1 with a data directory of its own: nothing persisted, `noeviction`, DEBUG allowed where the
 * version can restrict it to local connections (7 and later). Resolves when it accepts connections.
 * @throws Error when no `redis-server` or `valkey-server` is on PATH, or with its log when it doesn't start.
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
      // Not a PING: whoever else sits on the port would answer that.
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
