import { type Config, readRedisFiles } from '@sluice/config';
import { within } from '@sluice/lifecycle';
import { connect, type ConnectionRole, type Keys, type RedisConnection } from '@sluice/redis';
import {
  createEnrolment,
  createLiveness,
  createMailboxReader,
  createMailboxWriter,
  type Liveness,
  type MailboxWriter,
} from '@sluice/relay';
import type { WorkerMetrics } from '@sluice/telemetry';
import type { ActiveRuns } from '../consumer/active-runs.ts';
import { createRunMemory, type RunMemory } from '../consumer/run-memory.ts';

/** The worker's part in the fleet: connections to Redis, its mailbox, those of ingresses, and signs of life. */
export interface Fleet {
  /** The connection for commands. */
  readonly commands: RedisConnection;
  open(role: ConnectionRole): RedisConnection;
  readonly liveness: Liveness;
  readonly writer: MailboxWriter;
  readonly memory: RunMemory;
  /** Reads the worker's mailbox, gives signs of life, and joins the list of workers. */
  start(): Promise<void>;
  /** Closes everything but the connections, and the given others, within this time. */
  close(withinMs: number, others: () => readonly Promise<unknown>[]): Promise<void>;
  disconnect(): void;
}

export interface FleetNeeds {
  readonly config: Pick<Config, 'redis'>;
  readonly workerId: string;
  readonly keys: Keys;
  readonly runs: ActiveRuns;
  readonly metrics: Pick<WorkerMetrics, 'redisUp' | 'relayRead'>;
  readonly onError: (error: unknown) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

export function joinFleet({ config, workerId, keys, runs, metrics, onError, now }: FleetNeeds): Fleet {
  const { connections, open } = createConnections(config, onError);
  const commands = open('command');
  const liveness = createLiveness({
    connection: commands,
    aliveKey: keys.alive,
    processId: workerId,
    onLost: (ingressId) => runs.abortAllOf(ingressId),
    onBeat: metrics.redisUp,
    onError,
    now,
  });
  const writer = createMailboxWriter({
    connection: open('writer'),
    processId: workerId,
    mailboxKey: keys.mailbox,
    onGone: (ingressId) => runs.abortAllOf(ingressId),
    onError,
    now: Date.now,
  });
  const memory = createRunMemory({ workerId, writer, now });
  const enrolment = createEnrolment({ connection: commands, rosterKey: keys.workers, processId: workerId, onError });
  const reader = createMailboxReader({
    connectBlocking: () => open('blocking'),
    connection: commands,
    mailboxKeys: [keys.mailbox(workerId)],
    isCluster: config.redis.kind === 'cluster',
    onFrames(frames, origin) {
      metrics.relayRead(frames.length, origin === undefined ? undefined : Math.max(0, Date.now() - origin.sentAt));
      for (const frame of frames) {
        if (frame.kind !== 'probe') runs.control(frame);
        else if (origin !== undefined) memory.probe(frame, origin.processId);
      }
    },
    onError,
  });
  return {
    commands,
    open,
    liveness,
    writer,
    memory,
    async start() {
      await Promise.all([reader.start(), liveness.start(), enrolment.start()]);
    },
    async close(withinMs, others) {
      writer.close();
      await within(Promise.all([reader.close(), liveness.close(), enrolment.close(), ...others()]), withinMs);
    },
    disconnect() {
      for (const connection of connections) connection.disconnect();
    },
  };
}

interface Connections {
  readonly connections: readonly RedisConnection[];
  readonly open: (role: ConnectionRole) => RedisConnection;
}

function createConnections({ redis }: Pick<Config, 'redis'>, onError: (error: unknown) => void): Connections {
  const connections: RedisConnection[] = [];
  const settings = readRedisFiles(redis);
  return {
    connections,
    open(role) {
      const connection = connect({ settings, role, name: `sluice-worker-${role}`, onError });
      connections.push(connection);
      return connection;
    },
  };
}
