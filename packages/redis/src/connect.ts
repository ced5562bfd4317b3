import { isIP } from 'node:net';
import { Cluster, Redis } from 'ioredis';
import { createCommandTimeouts } from './command-timeouts.ts';
import { createDemotion, type Demotion } from './demotion.ts';
import { dropAbandoned, dropAbandonedOf } from './drop-abandoned.ts';
import { explainTrouble } from './explain-trouble.ts';
import { hearingConnector, hearRefreshes } from './hidden-errors.ts';
import { writeOnceATurn } from './one-write-a-turn.ts';
import { findRefusal, isOfSelect } from './refusal.ts';
import { speedUpScripts } from './script-call.ts';
import type { RedisNode, RedisSettings } from './settings.ts';
import { tlsOptions } from './tls-options.ts';

/** A connection to one server or to a cluster; both have the same commands. */
export type RedisConnection = Redis | Cluster;

/**
 * Purpose of a connection; decides how the connection fails:
 * - `command`: short commands in a request's path. Survives one lost connection, then fails, after a second of silence.
 * - `writer`: mailbox writes, and BullMQ's commands in a worker. Waits for Redis to return and repeats every unacknowledged write.
 * - `blocking`: one blocking read at a time. Never gives up.
 */
export type ConnectionRole = 'command' | 'writer' | 'blocking';

/** Longest BLOCK of a `blocking` connection, in milliseconds; must stay below its socket timeout. */
export const longestBlockMs = 2000;

/**
 * Time (ms) without a byte while a reply is due, after which the socket is replaced. Only this timer detects a silently
 * dead link: ioredis has none by default, and BullMQ's blocking timeout keeps the dead socket.
 */
const socketTimeoutMs = 5000;

const roles = {
  command: { maxRetriesPerRequest: 1 },
  writer: { maxRetriesPerRequest: null },
  blocking: { maxRetriesPerRequest: null },
} as const;

/** Returns the delay before the n-th reconnection: short at first, at most one second. */
const reconnectDelayMs = (tries: number): number => Math.min(1000, 25 * 2 ** Math.min(tries, 6));

export interface ConnectRequest {
  readonly settings: RedisSettings;
  readonly role: ConnectionRole;
  /** Name shown by CLIENT LIST. */
  readonly name: string;
  /** Called with every connection error; ioredis reconnects on its own, so nothing else reports them. */
  readonly onError: (error: Error) => void;
}

/**
 * Opens a connection at once and keeps it open. Never throws for an absent Redis; `onError` and the commands report it.
 */
export function connect({ settings, role, name, onError }: ConnectRequest): RedisConnection {
  const demotion = createDemotion({
    waitMs: reconnectDelayMs,
    isPatient: roles[role].maxRetriesPerRequest === null,
    now: () => performance.now(),
  });
  let wasReady = false;
  let hidden: Error | undefined;
  const onHidden = (error: Error): void => void (hidden = error);
  const connection = open({ settings, role, name, demotion, onHidden });
  speedUpScripts(connection);
  connection.once('ready', () => (wasReady = true));
  connection.on('error', (error: Error) => {
    onError(explainTrouble(error, { settings, wasReady, hidden }));
    hidden = undefined;
    // Reconnects and selects the configured database again: no command may reach another one.
    if (isOfSelect(error)) connection.disconnect(true);
  });
  const timeouts = role === 'command' ? createCommandTimeouts() : undefined;
  const prepare = (server: Redis): void => {
    writeOnceATurn(server);
    dropAbandoned(server, timeouts);
    timeouts?.watch(server);
    allowManyRefusals(server);
  };
  if (connection instanceof Cluster) {
    if (timeouts !== undefined) {
      dropAbandonedOf(connection, timeouts);
      timeouts.watch(connection);
    }
    connection.on('+node', (node: Redis) => {
      prepare(node);
      if (settings.tls !== undefined) node.options.tls = tlsOptions(settings.tls, node.options.host);
      node.on('close', demotion.nodeLeft);
      hearRefreshes(node, onHidden);
    });
  } else {
    prepare(connection);
  }
  return connection;
}

/**
 * Lets many commands in flight be refused by a server that has become a replica. For each of them ioredis closes the
 * socket again, with one more listener and timer, and Node warns of the 11th as of a leak. They go with the socket, so
 * their number is at most that of the commands in flight.
 */
function allowManyRefusals(connection: Redis): void {
  connection.on('connect', () => void connection.stream.setMaxListeners(0));
}

interface OpenRequest extends Omit<ConnectRequest, 'onError'> {
  readonly demotion: Demotion;
  /** Called with errors that ioredis does not report. */
  readonly onHidden: (error: Error) => void;
}

function open({ settings, role, name, demotion, onHidden }: OpenRequest): RedisConnection {
  const common = {
    ...roles[role],
    connectionName: name,
    socketTimeout: socketTimeoutMs,
    connectTimeout: 5000,
    // Time that a server may take to acknowledge the disconnect; a frozen one never does.
    disconnectTimeout: 500,
    replyMapping: 'legacy',
    // In every form, a demoted server may still answer at the address that led to the master.
    reconnectOnError: demotion.reconnectOnError,
    ...(settings.username === undefined ? {} : { username: settings.username }),
    ...(settings.password === undefined ? {} : { password: settings.password.reveal() }),
    ...(settings.tls === undefined ? {} : { tls: tlsOptions(settings.tls, hostOf(settings)) }),
  } as const;
  const standalone = { ...common, retryStrategy: demotion.delayMs };
  switch (settings.kind) {
    case 'single':
      return new Redis(settings.url, standalone);
    case 'sentinel':
      return new Redis({ ...standalone, ...sentinelOptions(settings), Connector: hearingConnector(onHidden) });
    case 'cluster':
      return new Cluster(
        settings.nodes.map(({ host, port }) => ({ host, port })),
        {
          clusterRetryStrategy: reconnectDelayMs,
          slotsRefreshTimeout: 2000,
          redisOptions: common,
          ...(settings.tls === undefined ? {} : { dnsLookup: keepName }),
        },
      );
  }
}

/** Returns the host that is known in advance; sentinels and clusters report theirs later. */
const hostOf = (settings: RedisSettings): string | undefined =>
  // A URL puts an IPv6 address in brackets, which are not part of it.
  settings.kind === 'single' ? new URL(settings.url).hostname.replace(/^\[|\]$/g, '') : undefined;

/** Returns the common host of these nodes, if any: ioredis uses the same TLS options for all of them. */
function sharedHost(nodes: readonly RedisNode[]): string | undefined {
  const [host, ...others] = new Set(nodes.map((node) => node.host));
  return others.length === 0 ? host : undefined;
}

/** Uses the name of the master, if the sentinels give one, as TLS server name, as for a single Redis. */
function nameMaster(place: string): { host: string; port: number; servername?: string } {
  const at = place.lastIndexOf(':');
  const host = place.slice(0, at);
  return { host, port: Number(place.slice(at + 1)), ...(isIP(host) === 0 && { servername: host }) };
}

function sentinelOptions(settings: Extract<RedisSettings, { kind: 'sentinel' }>) {
  const { name, nodes, tls, sentinelUsername, sentinelPassword, sentinelTls } = settings;
  return {
    sentinelRetryStrategy: reconnectDelayMs,
    // Leaves a frozen master on the sentinels' message: such a master closes no connection.
    failoverDetector: true,
    name,
    sentinels: nodes.map(({ host, port }) => ({ host, port })),
    // Without this option ioredis sends the password in plain text, even with `tls`.
    enableTLSForSentinelMode: tls !== undefined,
    ...(sentinelTls === undefined ? {} : { sentinelTLS: tlsOptions(sentinelTls, sharedHost(nodes)) }),
    ...(tls === undefined ? {} : { natMap: nameMaster }),
    ...(sentinelUsername === undefined ? {} : { sentinelUsername }),
    ...(sentinelPassword === undefined ? {} : { sentinelPassword: sentinelPassword.reveal() }),
  };
}

/** Keeps host names: by default ioredis resolves them and connects to addresses, which certificates do not contain. */
function keepName(host: string, callback: (error: null, address: string) => void): void {
  callback(null, host);
}

/**
 * Resolves once the connection answers. For start-up only.
 * @throws RedisRefusal when Redis refuses the credentials or the database
 * @throws Error when it has not answered after `timeoutMs`
 */
export async function untilReady(connection: RedisConnection, timeoutMs = Infinity): Promise<void> {
  if (connection.status === 'ready') return;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onError = (error: Error): void => {
    const refusal = findRefusal(error);
    if (refusal !== undefined) reject(refusal);
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
