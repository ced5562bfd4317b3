import { type Admission, createAdmission, createPeek, type Peek } from '@sluice/admission';
import { type IngressConfig, readRedisFiles } from '@sluice/config';
import { createJobSeal, createSubmitter, type Submitter } from '@sluice/queue';
import { connect, type ConnectionRole, createKeys, type Keys, type RedisConnection } from '@sluice/redis';
import {
  createLiveness,
  createRoster,
  type Liveness,
  type MailboxReader,
  type MailboxWriter,
  type Roster,
} from '@sluice/relay';
import type { IngressMetrics, Logger } from '@sluice/telemetry';
import { createOpenExchanges, type OpenExchanges } from './inference/exchange/open-exchanges.ts';
import { createWorkerWatch } from './inference/exchange/worker-watch.ts';
import { createMailboxes } from './mailboxes.ts';

/** The Redis connections of an ingress, and the parts that use them. */
export interface RedisLinks {
  readonly keys: Keys;
  /** A connection of the `command` role. */
  readonly commands: RedisConnection;
  readonly liveness: Liveness;
  readonly roster: Roster;
  readonly admission: Admission;
  readonly peek: Peek;
  readonly submitter: Submitter;
  readonly writer: MailboxWriter;
  readonly reader: MailboxReader;
  readonly exchanges: OpenExchanges;
  disconnect(): void;
}

export interface RedisLinksNeeds {
  readonly config: IngressConfig;
  readonly ingressId: string;
  readonly logger: Logger;
  readonly metrics: IngressMetrics;
  readonly onError: (error: unknown) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

export function createRedisLinks({ config, ingressId, logger, metrics, onError, now }: RedisLinksNeeds): RedisLinks {
  const keys = createKeys(config.redis.keyPrefix);
  const connections: RedisConnection[] = [];
  const settings = readRedisFiles(config.redis);
  const open = (role: ConnectionRole): RedisConnection => {
    const connection = connect({ settings, role, name: `sluice-ingress-${role}`, onError });
    connections.push(connection);
    return connection;
  };

  const commands = open('command');
  const workers = createWorkerWatch(() => liveness);
  const liveness = createLiveness({
    connection: commands,
    aliveKey: keys.alive,
    processId: ingressId,
    onLost: workers.lost,
    onBeat: metrics.redisUp,
    onError,
    now,
  });
  const roster = createRoster({ connection: commands, rosterKey: keys.workers, onError, now });
  const admission = createAdmission({
    connection: commands,
    keys,
    ingressId,
    fleet: config.limits,
    onError,
    onLeaseLost: (requestId) => logger.warn({ internal_id: requestId }, 'lease lost; the request continues without it'),
    random: Math.random,
  });
  const { writer, inbox, reader } = createMailboxes({
    open,
    connection: commands,
    keys,
    ingressId,
    isCluster: config.redis.kind === 'cluster',
    metrics,
    admission,
    onGone: workers.lost,
    onRestored() {
      logger.warn('redis has lost its data; runs that no worker has begun are queued again');
      exchanges.requeueAll();
    },
    onError,
  });
  const submitter = createSubmitter({
    connection: commands,
    keys,
    shards: config.queue.shards,
    seal: createJobSeal(config.secretKey?.reveal()),
    onMoved() {
      logger.warn('another redis server has taken over; runs that no worker has begun are queued again');
      exchanges.requeueAll();
    },
    onError,
  });
  const exchanges = createOpenExchanges({ inbox, submitter, writer, workers, roster, onError });
  commands.on('ready', () => void submitter.recheck().catch(onError));
  commands.on('close', () => metrics.redisUp(false));
  return {
    keys,
    commands,
    liveness,
    roster,
    admission,
    peek: createPeek({ connection: commands, keys }),
    submitter,
    writer,
    reader,
    exchanges,
    disconnect() {
      for (const connection of connections) connection.disconnect();
    },
  };
}
