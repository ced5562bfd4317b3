import { type Frame, writeReplica } from '@sluice/protocol';
import { connect, type ConnectionRole, type Keys, type RedisConnection, type RedisSettings } from '@sluice/redis';
import { createLiveness, type Liveness } from './liveness.ts';
import { createMailboxReader, type MailboxReader } from './mailbox-reader.ts';
import { createMailboxWriter, type MailboxWriter } from './mailbox-writer.ts';
import type { Origin } from './read-entries.ts';
import { createEnrolment } from './roster.ts';

/** The part of a process in the fleet: its connections to Redis, its mailboxes, those of the others, and signs of life. */
export interface Fleet {
  /** The connection of the `command` role. */
  readonly commands: RedisConnection;
  /** The connection of the `writer` role, also for other commands that are never given up. */
  readonly writes: RedisConnection;
  /** Opens another connection of the `blocking` role, which `disconnect` closes. */
  connectBlocking(): RedisConnection;
  readonly liveness: Liveness;
  readonly writer: MailboxWriter;
  /** Reads the mailboxes and gives signs of life. Rejects when Redis cannot be reached. */
  start(): Promise<void>;
  /** Writes no more frames, and removes the mailboxes and the sign of life. Connections stay open. */
  close(): Promise<void>;
  disconnect(): void;
}

export interface FleetNeeds {
  readonly settings: RedisSettings;
  /** Name of the service; CLIENT LIST shows it. */
  readonly service: 'ingress' | 'worker';
  readonly processId: string;
  /** Version of the service, for the status page. */
  readonly version: string;
  readonly keys: Pick<Keys, 'alive' | 'mailbox' | 'replicas'>;
  /** The mailboxes that this process reads. */
  readonly mailboxKeys: readonly string[];
  readonly metrics: FleetMetrics;
  /** Called with the id of a lost process: it is silent, or its mailbox is missing. May be called twice. */
  readonly onLost: (processId: string) => void;
  /** Handles a batch; must not block or throw. `origin` is absent if a script wrote the batch. */
  readonly onFrames: (frames: readonly Frame[], origin: Origin | undefined) => void;
  /** Called when Redis has lost its data, and the mailboxes exist again. */
  readonly onRestored?: (() => void) | undefined;
  readonly onError: (error: unknown) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

export interface FleetMetrics {
  redisUp(isUp: boolean): void;
  /** Counts the frames of a batch, and its time (ms) on the way; absent if a script wrote the batch. */
  relayRead(frameCount: number, lagMs?: number): void;
}

/** Opens the command and the writer connection at once; `start` opens the reading ones, and joins. */
export function joinFleet(needs: FleetNeeds): Fleet {
  const { service, processId, version, keys, metrics, onLost, onError, now } = needs;
  const { open, disconnect } = createConnections(needs);
  const commands = open('command');
  commands.on('close', () => metrics.redisUp(false));
  const liveness = createLiveness({
    connection: commands,
    aliveKey: keys.alive,
    processId,
    onLost,
    onBeat: metrics.redisUp,
    onError,
    now,
  });
  const writes = open('writer');
  const writer = createMailboxWriter({
    connection: writes,
    processId,
    mailboxKey: keys.mailbox,
    onGone: onLost,
    onError,
    now: Date.now,
  });
  const announcement = createEnrolment({
    connection: commands,
    rosterKey: keys.replicas,
    processId: writeReplica({ id: processId, service, version, startedAt: Date.now() }),
    onError,
  });
  const connectBlocking = (): RedisConnection => open('blocking');
  const reader = readMailboxes(needs, commands, connectBlocking);
  return {
    commands,
    writes,
    connectBlocking,
    liveness,
    writer,
    async start() {
      await Promise.all([reader.start(), liveness.start(), announcement.start()]);
    },
    async close() {
      writer.close();
      await Promise.all([reader.close(), liveness.close(), announcement.close()]);
    },
    disconnect,
  };
}

interface Connections extends Pick<Fleet, 'disconnect'> {
  /** Opens a connection, which `disconnect` closes. */
  open(role: ConnectionRole): RedisConnection;
}

function createConnections({ settings, service, onError }: FleetNeeds): Connections {
  const connections: RedisConnection[] = [];
  return {
    open(role) {
      const connection = connect({ settings, role, name: `sluice-${service}-${role}`, onError });
      connections.push(connection);
      return connection;
    },
    disconnect() {
      for (const connection of connections) connection.disconnect();
    },
  };
}

function readMailboxes(
  { settings, mailboxKeys, metrics, onFrames, onRestored, onError }: FleetNeeds,
  connection: RedisConnection,
  connectBlocking: () => RedisConnection,
): MailboxReader {
  return createMailboxReader({
    connectBlocking,
    connection,
    mailboxKeys,
    isCluster: settings.kind === 'cluster',
    onRestored,
    onFrames(frames, origin) {
      metrics.relayRead(frames.length, origin === undefined ? undefined : Math.max(0, Date.now() - origin.sentAt));
      onFrames(frames, origin);
    },
    onError,
  });
}
