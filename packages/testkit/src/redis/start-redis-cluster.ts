import { Redis } from 'ioredis';
import { freePort } from '../processes/free-port.ts';
import { until } from '../until.ts';
import { toArguments } from './server-binary.ts';
import { type RedisServer, startRedis } from './start-redis.ts';

/** The shape of a cluster. */
export interface RedisClusterOptions {
  /** Default 3, the minimum that can agree on a failed one. */
  readonly masters?: number;
  /** Number of replicas of each master; default 0. */
  readonly replicas?: number;
}

/** A Redis Cluster of local servers. */
export interface RedisCluster {
  /** The masters in the order of their hash slots, then the replicas. */
  readonly nodes: readonly RedisServer[];
  stop(): Promise<void>;
}

/** Number of hash slots in every cluster. */
const hashSlots = 16_384;
const nodeTimeoutMs = 1500;
const readyTimeoutMs = 30_000;

/**
 * Starts a cluster and resolves when every node reports all 16,384 hash slots as served and every replica follows its
 * master. Needs a server of version 7 or later (`--cluster-port`, ADDSLOTSRANGE).
 * @throws Error as {@link startRedis} does, or when the nodes do not agree within 30 s; then all of them are stopped.
 */
export async function startRedisCluster({
  masters = 3,
  replicas = 0,
}: RedisClusterOptions = {}): Promise<RedisCluster> {
  const started = await Promise.allSettled(Array.from({ length: masters * (1 + replicas) }, startNode));
  const members = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const nodes = members.map(({ server }) => server);

  async function stop(): Promise<void> {
    await Promise.all(nodes.map((node) => node.stop()));
  }

  try {
    const failure = started.find((result) => result.status === 'rejected');
    if (failure !== undefined) throw failure.reason;
    const connections = nodes.map(({ url }) => new Redis(url));
    try {
      await join({ members, connections, masters });
    } finally {
      for (const connection of connections) connection.disconnect();
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { nodes, stop };
}

interface Member {
  readonly server: RedisServer;
  /** Port for the nodes' messages. Its default, port + 10,000, is often above 65,535 or taken. */
  readonly busPort: number;
}

async function startNode(): Promise<Member> {
  const busPort = await freePort();
  const server = await startRedis({
    args: toArguments({
      'cluster-enabled': 'yes',
      'cluster-port': String(busPort),
      'cluster-announce-ip': '127.0.0.1',
      'cluster-node-timeout': String(nodeTimeoutMs),
      'repl-diskless-sync-delay': '0',
    }),
  });
  return { server, busPort };
}

interface Joining {
  readonly members: readonly Member[];
  readonly connections: readonly Redis[];
  readonly masters: number;
}

async function join({ members, connections, masters }: Joining): Promise<void> {
  const [first] = connections;
  if (first === undefined) throw new RangeError('A cluster needs at least one master.');
  await Promise.all(
    connections.map(async (connection, index) => {
      // Different epochs from the start save the nodes the resolution of a conflict.
      await connection.call('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1));
      if (index >= masters) return;
      const from = Math.floor((index * hashSlots) / masters);
      const to = Math.floor(((index + 1) * hashSlots) / masters) - 1;
      await connection.call('CLUSTER', 'ADDSLOTSRANGE', String(from), String(to));
    }),
  );
  for (const { server, busPort } of members.slice(1)) {
    await first.call('CLUSTER', 'MEET', server.host, String(server.port), String(busPort));
  }
  await untilAll(connections, 'know each other', async (connection) => {
    const { cluster_known_nodes: known } = await clusterInfo(connection);
    return Number(known) === connections.length;
  });
  const replicas = connections.slice(masters);
  const ids = await Promise.all(connections.map((connection) => connection.call('CLUSTER', 'MYID')));
  await Promise.all(
    replicas.map((replica, index) => replica.call('CLUSTER', 'REPLICATE', String(ids[index % masters]))),
  );
  await untilAll(replicas, 'follow their masters', async (replica) =>
    (await replica.info('replication')).includes('master_link_status:up'),
  );
  await untilAll(connections, `serve ${hashSlots} hash slots`, async (connection) => {
    const { cluster_state: state, cluster_slots_ok: served } = await clusterInfo(connection);
    return state === 'ok' && Number(served) === hashSlots;
  });
}

async function untilAll(
  connections: readonly Redis[],
  doThis: string,
  check: (connection: Redis) => Promise<boolean>,
): Promise<void> {
  await until(async () => (await Promise.all(connections.map(check))).every(Boolean), {
    what: `all ${connections.length} cluster nodes to ${doThis}`,
    timeoutMs: readyTimeoutMs,
    intervalMs: 25,
  });
}

async function clusterInfo(connection: Redis): Promise<Record<string, string>> {
  const text = String(await connection.call('CLUSTER', 'INFO'));
  return Object.fromEntries(text.split('\r\n').map((line) => line.split(':', 2)));
}
