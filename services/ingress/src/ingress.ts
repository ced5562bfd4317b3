import { setTimeout as delay } from 'node:timers/promises';
import { createAdmission, createPeek } from '@sluice/admission';
import { type IngressConfig, readRedisFiles } from '@sluice/config';
import { type ManagementServer, startManagementServer, warnOfEviction, within } from '@sluice/lifecycle';
import { createJobSeal, createSubmitter } from '@sluice/queue';
import {
  connect,
  type ConnectionRole,
  createKeys,
  readMemory,
  type RedisConnection,
  untilReady,
  watchPresence,
} from '@sluice/redis';
import { createLiveness, createModelListReader, createRoster } from '@sluice/relay';
import { createTroubleLog, type IngressMetrics, type Logger, shareRender } from '@sluice/telemetry';
import { createApp } from './app.ts';
import type { Exchange } from './chat/exchange.ts';
import { createWorkerWatch } from './chat/worker-watch.ts';
import { createMailboxes } from './mailboxes.ts';
import { createModelCatalogue } from './model-catalogue.ts';
import { createHealthPages, type ReplicaState } from './routes/health.ts';
import { type ClientServer, listen } from './server.ts';
import { createTotals } from './totals.ts';
import { watchMemory } from './watch-memory.ts';

/** An ingress: everything between its clients and the queue. Holds no state that another replica would need. */
export interface Ingress {
  /** Listens, unready yet; resolves with the ports for clients and for management. Rejects when that is impossible. */
  listen(): Promise<{ readonly port: number; readonly metricsPort: number }>;
  /** Resolves when Redis answers, however long that takes, and requests can be served. Rejects when Redis refuses. */
  start(): Promise<void>;
  readonly openRequests: number;
  /** Lets the running requests finish; what still runs after `graceMs` ends with an error event. */
  stop(options: StopOptions): Promise<void>;
}

export interface StopOptions {
  readonly graceMs: number;
  /** For how long, within that, a replica in use still takes requests, until its load balancer has noticed. */
  readonly noticeMs: number;
}

export interface IngressNeeds {
  readonly config: IngressConfig;
  readonly ingressId: string;
  readonly version: string;
  /** Date of the build, as in `2026-11-30`. */
  readonly buildDate: string;
  readonly logger: Logger;
  readonly metrics: IngressMetrics;
}

/** Time that running requests wait for a Redis that is away, and the interval at which that is checked. */
const patienceMs = 5000;
const lookEveryMs = 500;
/**
 * A Redis that takes no write for so long is not fit to serve, although it may answer: one that is a replica, or full. A
 * process writes twice a second.
 */
const noWriteMs = 2000;
/** A replica that got no request for this time is not in use. */
const inUseMs = 10_000;
/** Time for the work that remains after the grace: error events, cancellations, releases. */
const lastWordsMs = 3000;

export function createIngress({ config, ingressId, version, buildDate, logger, metrics }: IngressNeeds): Ingress {
  const now = (): number => performance.now();
  const keys = createKeys(config.redis.keyPrefix);
  const onError = createTroubleLog(logger, 'redis trouble', now);
  const connections: RedisConnection[] = [];
  const settings = readRedisFiles(config.redis);
  const open = (role: ConnectionRole): RedisConnection => {
    const connection = connect({ settings, role, name: `sluice-ingress-${role}`, onError });
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
    onLeaseLost: (requestId) => logger.warn({ internal_id: requestId }, 'lease lost; the request goes on without'),
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
      logger.warn('redis has lost its data; what no worker has begun is queued again');
      requeueAll();
    },
    onError,
  });
  const submitter = createSubmitter({
    connection: commands,
    keys,
    shards: config.queue.shards,
    seal: createJobSeal(config.secretKey?.reveal()),
    onMoved() {
      logger.warn('another redis server has taken over; what no worker has begun is queued again');
      requeueAll();
    },
    onError,
  });
  const totals = createTotals();
  const memory = watchMemory({ limitBytes: config.server.memoryLimitBytes, logger, now });
  const redis = watchPresence(commands, now);
  let isStarted = false;
  let isDraining = false;
  let isRefusing = false;
  let server: ClientServer | undefined;
  let management: ManagementServer | undefined;
  let watchdog: NodeJS.Timeout | undefined;

  metrics.watch({
    slots: async () => {
      const { running, ...waits } = await admission.occupancy();
      return { inUse: running, limit: config.limits.maxConcurrentRequests, ...waits };
    },
    queueJobs: async () => {
      const counts = await submitter.counts();
      return Object.entries(counts).map(([state, count]) => ({ queue: 'chat', state, count }));
    },
    workers: () => roster.members().length,
    redisMemory: () => readMemory(commands),
  });
  commands.on('ready', () => void submitter.recheck().catch(onError));
  commands.on('close', () => metrics.redisUp(false));

  const state = (): ReplicaState => ({
    isRedisUp: isStarted && redis.isUp && liveness.silentForMs < noWriteMs,
    // Also while it can be reached and takes no write: such a connection is ready again in each round.
    isRedisAway: !isStarted || redis.isAway || liveness.silentForMs >= noWriteMs,
    isDraining,
    isRefusing,
    openRequests: openExchanges.size,
    isMemoryFull: memory.isFull(),
  });
  const pages = createHealthPages({
    version,
    buildDate,
    config,
    state,
    totals,
    occupancy: admission.occupancy,
  });
  const render = shareRender(metrics.render, now);
  const onInternal = (error: unknown): void => logger.error({ err: error }, 'internal error');
  const app = createApp({
    config,
    serve: {
      config,
      admission,
      inbox,
      submitter,
      writer,
      workers,
      roster,
      ingressId,
      server: config.server,
      limits: config.limits,
      timeouts: config.timeouts,
      metrics,
      openExchanges,
      onInternal,
      onError,
      now,
    },
    peek: createPeek({ connection: commands, keys }),
    catalogue: createModelCatalogue({
      config,
      lists: createModelListReader({ connection: commands, keys }),
      onError,
      now,
    }),
    observe: { metrics, logger, totals, trustTraceContext: config.server.trustTraceContext, now },
    state,
    pages,
    metrics: render,
    startedAtSeconds: Math.floor(Date.now() / 1000),
    onInternal,
  });

  function requeueAll(): void {
    for (const exchange of openExchanges) exchange.requeue();
  }

  function giveUpWithoutRedis(): void {
    if (liveness.silentForMs <= patienceMs) return;
    for (const exchange of openExchanges) exchange.fail('redis_unavailable');
  }

  return {
    async listen() {
      const { metricsHost: host, metricsPort: port, isMetricsPortUsual: mayTakeAnother } = config.server;
      const onDropped = createTroubleLog(logger, 'too many connections of clients', now);
      server = await listen(app, {
        ...config.server,
        onDropped: () => onDropped(`there are ${config.server.maxConnections}: server.max_connections`),
      });
      management = await startManagementServer({
        host,
        port,
        mayTakeAnother,
        metrics: render,
        livez: pages.livez,
        readyz: pages.readyz,
        health: () => pages.health(true),
        status: () => pages.status(true),
        logger,
      });
      return { port: server.port, metricsPort: management.port };
    },
    async start() {
      await untilReady(commands);
      await warnOfEviction(commands, logger);
      await Promise.all([reader.start(), liveness.start(), roster.start()]);
      isStarted = true;
      watchdog = setInterval(giveUpWithoutRedis, lookEveryMs);
    },
    get openRequests() {
      return openExchanges.size;
    },
    async stop({ graceMs, noticeMs }) {
      const endsAt = now() + graceMs;
      isDraining = true;
      server?.endWithAnswers();
      if (server?.isBusy(inUseMs) === true) await delay(Math.min(noticeMs, graceMs / 2));
      isRefusing = true;
      // A load balancer that does not probe learns of it in this way, and sends the request to another replica.
      server?.stopListening();
      await within(server?.idle() ?? Promise.resolve(), endsAt - now());
      for (const exchange of openExchanges) exchange.fail('draining');
      await within(Promise.all([...openExchanges].map(({ ended }) => ended)), lastWordsMs);
      await admission.close(lastWordsMs);
      await within(writer.flushed(), lastWordsMs);
      await within(server?.idle() ?? Promise.resolve(), lastWordsMs);
      server?.close();
      management?.close();
      clearInterval(watchdog);
      writer.close();
      await within(Promise.all([reader.close(), liveness.close(), roster.close(), submitter.close()]), lastWordsMs);
      for (const connection of connections) connection.disconnect();
    },
  };
}
