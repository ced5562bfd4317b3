import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onFreePort } from '../processes/free-port.ts';
import { type RunningProcess, startProcess } from '../processes/start-process.ts';
import { findPostgres } from './find-postgres.ts';
import { giveTo, type RunAs, unprivilegedUser } from './run-as.ts';

/** A test's own PostgreSQL, which the test may pause, kill and restart. */
export interface PostgresServer {
  /** URL of its database `postgres`, with the superuser and without a password. */
  readonly url: string;
  readonly port: number;
  /** Product and version: `PostgreSQL 15.18`. */
  readonly title: string;
  /** Returns the log of the newest run. */
  output(): string;
  /** Sends SIGSTOP to the server and the processes of its sessions: connections stay open without answers. */
  pause(): Promise<void>;
  /** Sends SIGCONT to all of them. */
  resume(): Promise<void>;
  /** Sends SIGKILL to the server; its sessions end by themselves. Committed data survives. */
  kill(): Promise<void>;
  /** Starts it again on the same port and data, after `kill()` if it runs. Resolves when it accepts connections. */
  restart(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

const host = '127.0.0.1';
const superuser = 'sluice';

/**
 * Starts a server on 127.0.0.1 with its own data. It never calls fsync: its data survives the death of its process, not
 * that of the machine. Under root it runs as `postgres` or `nobody`.
 * @throws Error when no PostgreSQL is installed, or with its log when it does not start.
 */
export async function startPostgres(): Promise<PostgresServer> {
  const programs = await findPostgres();
  if (programs === undefined) {
    throw new Error(
      'This needs PostgreSQL, and there is none on PATH and under /usr/lib/postgresql. Install it, or name the folder of its programs in SLUICE_POSTGRES_BIN.',
    );
  }
  const { directory, title } = programs;
  const user = await unprivilegedUser();
  const folder = await mkdtemp(join(tmpdir(), 'sluice-postgres-'));
  const data = join(folder, 'data');
  const run = (port: number): Promise<RunningProcess> => runServer({ directory, data, folder, port, user });
  const first = await initialize({ directory, folder, data, user })
    .then(() => onFreePort(async (port) => ({ port, running: await run(port) })))
    .catch(async (error: unknown) => {
      await rm(folder, { recursive: true, force: true });
      throw error;
    });
  const { port } = first;
  let { running } = first;

  async function kill(): Promise<void> {
    const sessions = await childrenOf(running.pid);
    running.kill('SIGKILL');
    for (const pid of sessions) signal(pid, 'SIGCONT');
    await running.exited;
  }

  return {
    url: `postgres://${superuser}@${host}:${port}/postgres`,
    port,
    title,
    output: () => running.output(),
    async pause() {
      running.kill('SIGSTOP');
      for (const pid of await childrenOf(running.pid)) signal(pid, 'SIGSTOP');
    },
    async resume() {
      for (const pid of await childrenOf(running.pid)) signal(pid, 'SIGCONT');
      running.kill('SIGCONT');
    },
    kill,
    async restart() {
      await kill();
      running = await run(port);
    },
    async stop() {
      await kill();
      await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    },
  };
}

interface Place {
  readonly directory: string;
  readonly folder: string;
  readonly data: string;
  readonly user: RunAs | undefined;
}

async function initialize({ directory, folder, data, user }: Place): Promise<void> {
  await giveTo(folder, user);
  const args = ['-D', data, '-U', superuser, '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
  await promisify(execFile)(join(directory, 'initdb'), args, { cwd: folder, ...user });
}

function runServer({
  directory,
  folder,
  data,
  user,
  port,
}: Place & { readonly port: number }): Promise<RunningProcess> {
  const settings = {
    port,
    listen_addresses: host,
    unix_socket_directories: '',
    fsync: 'off',
    // Several test files at once have pools of their own.
    max_connections: 200,
    shared_buffers: '32MB',
    log_destination: 'stderr',
  };
  return startProcess({
    command: join(directory, 'postgres'),
    args: ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    cwd: folder,
    ...(user === undefined ? {} : { user }),
    // After SIGKILL the sessions of the last run hold its shared memory for a moment; the start then fails, and says so.
    ready: (server) => server.output().includes('database system is ready to accept connections'),
    // Fast shutdown: it does not wait for the clients.
    stopSignal: 'SIGINT',
  });
}

/** Returns the ids of the processes that a process has started: each session of PostgreSQL is one. */
async function childrenOf(parent: number): Promise<readonly number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=']);
  return stdout
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([pid, ppid]) => (pid !== undefined && ppid === parent ? [pid] : []));
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // It has ended meanwhile.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
