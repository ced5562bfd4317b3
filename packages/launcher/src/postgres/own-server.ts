import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { LaunchError } from '../bare/launch-error.mjs';
import type { Terminal } from '../bare/terminal.mjs';
import { type Child, startChild } from '../child.ts';
import { keepDatabasePassword } from '../kept-secret.ts';
import { anyFreePort } from '../ports.ts';
import type { StartContext } from '../started.ts';
import { untilReady } from '../until-ready.ts';
import type { PostgresBinaries } from './binaries.ts';
import { databaseName, dataOf, ensureData, serverEnvironment, userName } from './data.ts';
import { codeOf, inspectDatabase } from './inspect.ts';
import { endLeftover } from './leftover.ts';
import type { ServerPlace } from './place.ts';

const host = '127.0.0.1';
const graceMs = 20_000;
const pollTimeoutMs = 2000;
/** Long, because the server may recover from a crash. */
const readyTimeoutMs = 60_000;
/** Time in which the processes of a server that was killed end. */
const remainsMs = 10_000;
const remainsPollMs = 100;
const shortestPauseMs = 1000;
const longestPauseMs = 60_000;

export interface OwnServer {
  readonly binaries: PostgresBinaries;
  readonly place: ServerPlace;
  /** Folder of the log and the password. */
  readonly stateFolder: string;
  readonly terminal: Terminal;
}

/**
 * Runs a PostgreSQL of our own on a free port of loopback, with a password. If it dies, it is started again on that port:
 * records wait in Redis meanwhile.
 *
 * @returns its URL, when it answers
 * @throws LaunchError when it does not become ready
 */
export async function startOwnServer(server: OwnServer, context: StartContext): Promise<string> {
  const { binaries, place, stateFolder, terminal } = server;
  const password = keepDatabasePassword(join(stateFolder, 'postgres-password'));
  await endLeftover(dataOf(place));
  await ensureData({ binaries, place, password });
  const port = await anyFreePort(host);
  const url = `postgres://${userName}:${password.text}@${host}:${port}/${databaseName}`;
  let child = spawnServer(server, port);
  let isStopping = false;
  context.register({
    name: 'PostgreSQL server',
    stop() {
      isStopping = true;
      return child.stop();
    },
    kill() {
      isStopping = true;
      child.kill();
    },
  });
  const startedAt = performance.now();
  for (;;) {
    const failure = await readiness({ url, child, stateFolder, signal: context.signal });
    if (failure === undefined) break;
    if (!isRemnant(failure) || performance.now() - startedAt > remainsMs) throw failure;
    await delay(remainsPollMs);
    child = spawnServer(server, port);
  }
  const restart = async (): Promise<void> => {
    let pauseMs = shortestPauseMs;
    for (;;) {
      const livesFrom = performance.now();
      const report = await child.died;
      if (performance.now() - livesFrom > longestPauseMs) pauseMs = shortestPauseMs;
      terminal.say(`${report}\nIt is started again in ${pauseMs / 1000} s; records wait in Redis until then.`);
      await delay(pauseMs, undefined, { ref: false });
      if (isStopping) return;
      pauseMs = Math.min(2 * pauseMs, longestPauseMs);
      child = spawnServer(server, port);
    }
  };
  void restart();
  return url;
}

interface Readiness {
  readonly url: string;
  readonly child: Child;
  readonly stateFolder: string;
  readonly signal: AbortSignal;
}

/** Waits until the server answers, and returns the error if it does not. */
async function readiness({ url, child, stateFolder, signal }: Readiness): Promise<LaunchError | undefined> {
  const connection = { connectionString: url, ssl: false, connectionTimeoutMillis: pollTimeoutMs } as const;
  const isReady = async (): Promise<boolean> => {
    try {
      await inspectDatabase(connection);
      return true;
    } catch (error) {
      if (!isRefusal(error)) return false;
      throw new LaunchError(`PostgreSQL refuses its own user: ${error.message}.`, { cause: error });
    }
  };
  const log = join(stateFolder, 'logs/postgres.log');
  try {
    await untilReady({ subject: 'PostgreSQL', isReady, died: child.died, signal, timeoutMs: readyTimeoutMs, log });
    return undefined;
  } catch (error) {
    if (error instanceof LaunchError) return error;
    throw error;
  }
}

/** A server that starts answers 57P03; one that answers with class 28 or 3D will not take the user or has no database. */
const isRefusal = (error: unknown): error is Error => error instanceof Error && /^(?:28|3D)/.test(codeOf(error) ?? '');

/** Processes of a server that was killed end a moment later, and until then no other may start. */
const isRemnant = ({ message }: LaunchError): boolean => message.includes('pre-existing shared memory block');

/** Settings of a server with one user of some connections. It writes what a crash recovery needs, and no more. */
const settings = {
  listen_addresses: host,
  // The port is the only way in, so that no path can be too long for a socket.
  unix_socket_directories: '',
  max_connections: '50',
  shared_buffers: '64MB',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '512MB',
  jit: 'off',
  log_timezone: 'UTC',
  timezone: 'UTC',
};

function spawnServer({ binaries, place, stateFolder }: OwnServer, port: number): Child {
  const values = Object.entries({ ...settings, port: String(port) });
  return startChild({
    name: 'PostgreSQL server',
    file: join(binaries.folder, 'postgres'),
    args: ['-D', dataOf(place), ...values.flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    env: serverEnvironment(),
    cwd: place.folder,
    logFile: join(stateFolder, 'logs/postgres.log'),
    graceMs,
    // SIGTERM would wait for every connection to end.
    signals: { stop: 'SIGINT', kill: 'SIGQUIT' },
    account: place.account,
  });
}
