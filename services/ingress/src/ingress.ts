import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdmission } from '@sluice/admission';
import type { Config } from '@sluice/config';
import { within } from '@sluice/lifecycle';
import { createSubmitter } from '@sluice/queue';
import { connect, type ConnectionRole, createKeys, type RedisConnection, untilReady } from '@sluice/redis';
import { createInbox, createLiveness, createMailboxReader, createMailboxWriter } from '@sluice/relay';
import type { IngressMetrics, Logger } from '@sluice/telemetry';
import { createApp } from './app.ts';
import type { Exchange } from './chat/exchange.ts';
import { createWorkerWatch } from './chat/worker-watch.ts';
import { listen } from './server.ts';
import { createTotals } from './totals.ts';

/** An ingress: everything between its clients and the queue. Holds no state that another replica would need. */
export interface Ingress {
  /** Connects, then listens; resolves with the port. Rejects when either is impossible. */
  start(): Promise<number>;
  readonly openRequests: number;
  /** Takes no more requests and lets the running ones finish; what still runs after `graceMs` ends with an error event. */
  stop(graceMs: number): Promise<void>;
}

export interface IngressNeeds {
  readonly config: Config;
  readonly ingressId: string;
  readonly version: string;
  readonly logger: Logger;
  readonly metrics: IngressMetrics;
}

const startTimeoutMs = 10_000;
/** What remains after the grace: error events, cancellations, releases. */
const lastWordsMs = 3000;

export function createIngress({ config, ingressId, version, logger, metrics }: IngressNeeds): Ingress {
  const now = (): number => performance.now();
  const keys = createKeys(config.redis.keyPrefix);
  const onError = (error: unknown): void => logger.warn({ err: error }, 'redis trouble');
  const connections: RedisConnection[] = [];
  const open = (role: ConnectionRole): RedisConnection => {
    const connection = connect({ settings: config.redis, role, name: `sluice-ingress-${role}`, onError });
    connections.push(connection);
    return connection;
  };

  const commands = open('command');
  const openExchanges = new Set<Exchange>();
  const workers = createWorkerWatch(() => liveness);
  const liveness = createLiveness({
    connection: commands,
    aliveKey: keys.alive,
    processId: ingressId,
    onLost: workers.lost,
    onError,
    now,
  });
  const writer = createMailboxWriter({
    connection: open('writer'),
    processId: ingressId,
    mailboxKey: keys.mailbox,
    onGone: workers.lost,
    onError,
    now: Date.now,
  });
  const admission = createAdmission({
    connection: commands,
    keys,
    ingressId,
    fleet: config.limits,
    onError,
    onLeaseLost: (requestId) => logger.warn({ internal_id: requestId }, 'lease lost; the request goes on without'),
    random: Math.random,
  });
  const inbox = createInbox({
    onDropped({ requestId, epoch, kind }, reason, origin) {
      metrics.relayDropped(reason);
      // Whoever sends what nobody waits for works in vain: a run that was superseded or whose client has left.
      const isInVain = reason !== 'repeated' && kind !== 'end' && kind !== 'error' && kind !== 'retry';
      if (isInVain && origin !== undefined) {
        writer.send(origin.processId, { requestId, epoch, seq: 0, kind: 'cancel', data: '' });
      }
    },
    onGap: metrics.relayGap,
    onAdmitted: admission.wake,
    onError,
  });
  const reader = createMailboxReader({
    connectBlocking: () => open('blocking'),
    connection: commands,
    mailboxKeys: [keys.mailbox(ingressId), keys.admissionMailbox(ingressId)],
    isCluster: config.redis.kind === 'cluster',
    onFrames(frames, origin) {
      metrics.relayRead(frames.length, origin === undefined ? undefined : Math.max(0, Date.now() - origin.sentAt));
      inbox.deliver(frames, origin);
    },
    onError,
  });
  const submitter = createSubmitter({ connection: commands, keys, shards: config.queue.shards, onError });
  const totals = createTotals();
  let isDraining = false;
  let server: Server | undefined;

  metrics.watch({
    slots: async () => {
      const { running, waiting } = await admission.occupancy();
      return { inUse: running, limit: config.limits.maxConcurrentRequests, waiting };
    },
    queueJobs: async () => {
      const counts = await submitter.counts();
      return Object.entries(counts).map(([state, count]) => ({ queue: 'chat', state, count }));
    },
  });
  commands.on('ready', () => metrics.redisUp(true));
  commands.on('close', () => metrics.redisUp(false));

  const app = createApp({
    config,
    chat: {
      config,
      admission,
      inbox,
      submitter,
      writer,
      workers,
      ingressId,
      server: config.server,
      limits: config.limits,
      timeouts: config.timeouts,
      metrics,
      openExchanges,
      onError,
      now,
    },
    observe: { metrics, logger, totals, now },
    health: {
      version,
      state: () => ({ isRedisUp: commands.status === 'ready', isDraining, openRequests: openExchanges.size }),
      totals,
      maxConcurrentRequests: config.limits.maxConcurrentRequests,
    },
    metrics,
    startedAtSeconds: Math.floor(Date.now() / 1000),
    onInternal: (error) => logger.error({ err: error }, 'internal error'),
  });

  return {
    async start() {
      await untilReady(commands, startTimeoutMs);
      await Promise.all([reader.start(), liveness.start()]);
      server = await listen(app, config.server);
      return (server.address() as AddressInfo).port;
    },
    get openRequests() {
      return openExchanges.size;
    },
    async stop(graceMs) {
      isDraining = true;
      const closed = new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
      server?.closeIdleConnections();
      await within(closed, graceMs);
      for (const exchange of openExchanges) exchange.fail('draining');
      await within(Promise.all([...openExchanges].map(({ ended }) => ended)), lastWordsMs);
      await admission.close(lastWordsMs);
      await within(writer.flushed(), lastWordsMs);
      server?.closeAllConnections();
      writer.close();
      await Promise.all([reader.close(), liveness.close(), submitter.close()]);
      for (const connection of connections) connection.disconnect();
    },
  };
}
