import type { IngressConfig } from '@sluice/config';
import { type ManagementServer, startManagementServer, warnOfEviction } from '@sluice/lifecycle';
import { untilReady, watchPresence } from '@sluice/redis';
import { createModelListReader } from '@sluice/relay';
import { createTroubleLog, type IngressMetrics, type Logger, type Render, shareRender } from '@sluice/telemetry';
import type { Express } from 'express';
import { createApp } from './app.ts';
import { drain, type StopOptions } from './drain.ts';
import { createModelCatalogue } from './model-catalogue.ts';
import { createRedisLinks } from './redis-links.ts';
import { createHealthPages, type HealthPages, type ReplicaState } from './routes/health.ts';
import { type ClientServer, listen } from './server.ts';
import { createTotals } from './totals.ts';
import { watchGauges } from './watch-gauges.ts';
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
export function createIngress(needs: IngressNeeds): Ingress {
  const { config, ingressId, version, buildDate, logger, metrics } = needs;
  const now = (): number => performance.now();
  const onError = createTroubleLog(logger, 'redis trouble', now);
  const links = createRedisLinks({ config, ingressId, logger, metrics, onError, now });
  const { commands, liveness, admission, exchanges } = links;
  const totals = createTotals();
  const memory = watchMemory({ limitBytes: config.server.memoryLimitBytes, logger, now });
  const redis = watchPresence(commands, now);
  let isStarted = false;
  let isDraining = false;
  let isRefusing = false;
  let server: ClientServer | undefined;
  let management: ManagementServer | undefined;
  let watchdog: NodeJS.Timeout | undefined;

  watchGauges(metrics, config, links);

  const state = (): ReplicaState => ({
    isRedisUp: isStarted && redis.isUp && liveness.silentForMs < noWriteMs,
    // Also while it can be reached and takes no write: such a connection is ready again in each round.
    isRedisAway: !isStarted || redis.isAway || liveness.silentForMs >= noWriteMs,
    isDraining,
    isRefusing,
    openRequests: exchanges.size,
    isMemoryFull: memory.isFull(),
  });
  const pages = createHealthPages({ version, buildDate, config, state, totals, occupancy: admission.occupancy });
  const render = shareRender(metrics.render, now);
  const onInternal = (error: unknown): void => logger.error({ err: error }, 'internal error');
  const app = createApp({
    config,
    inference: { config, admission, exchanges, ingressId, metrics, onInternal, now },
    peek: links.peek,
    catalogue: createModelCatalogue({
      config,
      lists: createModelListReader({ connection: commands, keys: links.keys }),
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

  function giveUpWithoutRedis(): void {
    if (liveness.silentForMs <= patienceMs) return;
    exchanges.failAll('redis_unavailable');
  }

  return {
    async listen() {
      server = await listenToClients(needs, app, now);
      management = await listenToOperators(needs, pages, render);
      return { port: server.port, metricsPort: management.port };
    },
    async start() {
      await untilReady(commands);
      await warnOfEviction(commands, logger);
      await Promise.all([links.reader.start(), liveness.start(), links.roster.start()]);
      isStarted = true;
      watchdog = setInterval(giveUpWithoutRedis, lookEveryMs);
    },
    get openRequests() {
      return exchanges.size;
    },
    async stop(options) {
      isDraining = true;
      await drain({
        ...options,
        links,
        server,
        management,
        onRefusing: () => void (isRefusing = true),
        onIdle: () => clearInterval(watchdog),
        now,
      });
    },
  };
}

function listenToClients({ config, logger }: IngressNeeds, app: Express, now: () => number): Promise<ClientServer> {
  const onDropped = createTroubleLog(logger, 'too many connections of clients', now);
  return listen(app, {
    ...config.server,
    onDropped: () => onDropped(`there are ${config.server.maxConnections}: server.max_connections`),
  });
}

function listenToOperators(
  { config, logger }: IngressNeeds,
  pages: HealthPages,
  metrics: Render,
): Promise<ManagementServer> {
  const { metricsHost: host, metricsPort: port, isMetricsPortUsual: mayTakeAnother } = config.server;
  return startManagementServer({
    host,
    port,
    mayTakeAnother,
    metrics,
    livez: pages.livez,
    readyz: pages.readyz,
    health: () => pages.health(true),
    status: () => pages.status(true),
    logger,
  });
}
