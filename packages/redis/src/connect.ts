import { readFileSync } from 'node:fs';
import { Cluster, Redis } from 'ioredis';
import { writeOnceATurn } from './one-write-a-turn.ts';

/** The location of Redis: the one of its three forms that the operator chose, with what all of them share. */
export type RedisSettings = RedisPlace & {
  readonly username?: string | undefined;
  readonly password?: { reveal(): string } | undefined;
  readonly tls?:
    | true
    | { readonly ca?: string | undefined; readonly rejectUnauthorized?: boolean | undefined }
    | undefined;
};

export type RedisPlace =
  | { readonly kind: 'single'; readonly url: string }
  | { readonly kind: 'cluster'; readonly nodes: readonly RedisNode[] }
  | { readonly kind: 'sentinel'; readonly name: string; readonly nodes: readonly RedisNode[] };

export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

/** A connection, or a cluster of them; both speak the same commands. */
export type RedisConnection = Redis | Cluster;

/**
 * The purpose of a connection decides how it fails:
 * - `command`: short questions in a request's path. Outlives one lost connection, then fails: after a second at most.
 * - `writer`: mailbox writes. Waits for Redis to come back and sends again what was not acknowledged.
 * - `blocking`: one blocking read at a time. Never gives up.
 */
export type ConnectionRole = 'command' | 'writer' | 'blocking';

/** Longest BLOCK that a `blocking` connection may ask for, in milliseconds; must stay below its socket time-out. */
export const longestBlockMs = 2000;

/**
 * A silently dead link is only noticed by this timer (ioredis has none by default, and BullMQ's blocking time-out
 * keeps the dead socket): after so long without a byte while a reply is due, the socket is replaced.
 */
const socketTimeoutMs = 5000;

const roles = {
  command: { maxRetriesPerRequest: 1, commandTimeout: 1000 },
  writer: { maxRetriesPerRequest: null },
  blocking: { maxRetriesPerRequest: null },
} as const;

/** Time to wait before the n-th reconnection: short at first, never above a second. */
const reconnectDelayMs = (tries: number): number => Math.min(1000, 25 * 2 ** Math.min(tries, 6));

export interface ConnectRequest {
  readonly settings: RedisSettings;
  readonly role: ConnectionRole;
  /** Shown by CLIENT LIST. */
  readonly name: string;
  /** Told of every connection error; without it they are lost, since ioredis reconnects by itself. */
  readonly onError: (error: Error) => void;
}

/**
 * Opens a connection at once and keeps it open. Never throws for an absent Redis: that shows in `onError` and in the
 * commands.
 */
export function connect({ settings, role, name, onError }: ConnectRequest): RedisConnection {
  const connection = open(settings, role, name);
  connection.on('error', onError);
  if (connection instanceof Cluster) connection.on('+node', writeOnceATurn);
  else writeOnceATurn(connection);
  return connection;
}

function open(settings: RedisSettings, role: ConnectionRole, name: string): RedisConnection {
  const common = {
    ...roles[role],
    connectionName: name,
    socketTimeout: socketTimeoutMs,
    connectTimeout: 5000,
    // Maximum time that a server being left may take to say goodbye; one that is frozen never does.
    disconnectTimeout: 500,
    replyMapping: 'legacy',
    ...(settings.username === undefined ? {} : { username: settings.username }),
    ...(settings.password === undefined ? {} : { password: settings.password.reveal() }),
    ...(settings.tls === undefined ? {} : { tls: tlsOptions(settings.tls) }),
  } as const;
  const standalone = { ...common, retryStrategy: reconnectDelayMs };
  switch (settings.kind) {
    case 'single':
      return new Redis(settings.url, standalone);
    case 'sentinel':
      return new Redis({
        ...standalone,
        sentinelRetryStrategy: reconnectDelayMs,
        // Told by the sentinels, it leaves a master that only seems to be there: one that is frozen closes no connection.
        failoverDetector: true,
        name: settings.name,
        sentinels: settings.nodes.map(({ host, port }) => ({ host, port })),
        // A demoted master answers writes with READONLY: find the new one, then send the command again.
        reconnectOnError: (error: Error) => (error.message.startsWith('READONLY') ? 2 : false),
      });
    case 'cluster':
      return new Cluster(
        settings.nodes.map(({ host, port }) => ({ host, port })),
        {
          clusterRetryStrategy: reconnectDelayMs,
          slotsRefreshTimeout: 2000,
          redisOptions: common,
        },
      );
  }
}

function tlsOptions(tls: Exclude<RedisSettings['tls'], undefined>): { ca?: string; rejectUnauthorized?: boolean } {
  if (tls === true) return {};
  return {
    ...(tls.ca === undefined ? {} : { ca: readFileSync(tls.ca, 'utf8') }),
    ...(tls.rejectUnauthorized === undefined ? {} : { rejectUnauthorized: tls.rejectUnauthorized }),
  };
}

/** Redis's replies to a client with the wrong name or password; waiting does not mend it. */
const refusedLogin = /^(?:WRONGPASS|NOAUTH|NOPERM|ERR (?:AUTH|invalid password|Client sent AUTH))/;

/**
 * Resolves once the connection answers. For start-up only.
 * @throws Error when Redis refuses the credentials, or has not answered after `timeoutMs`
 */
export async function untilReady(connection: RedisConnection, timeoutMs = Infinity): Promise<void> {
  if (connection.status === 'ready') return;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onError = (error: Error): void => {
    const cause = 'lastNodeError' in error && error.lastNodeError instanceof Error ? error.lastNodeError : error;
    if (refusedLogin.test(cause.message)) reject(new Error(`Redis refuses the credentials: ${cause.message}`));
  };
  const timer = Number.isFinite(timeoutMs)
    ? setTimeout(() => reject(new Error(`Redis did not answer within ${timeoutMs} ms`)), timeoutMs)
    : undefined;
  connection.once('ready', resolve);
  connection.on('error', onError);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    connection.off('ready', resolve);
    connection.off('error', onError);
  }
}
