import type { IngressConfig } from '@sluice/config';
import { type ManagementServer, startManagementServer, warnOfEviction } from '@sluice/lifecycle';
import { untilReady, watchPresence } from '@sluice/redis';
import { createFleetReader, createModelListReader } from '@sluice/relay';
import { createTroubleLog, type IngressMetrics, type Logger, type Render, shareRender } from '@sluice/telemetry';
import { createApp } from './app.ts';
import type { Listener } from './direct-routes.ts';
import { drain, type StopOptions } from './drain.ts';
import { createFleetStatus, type FleetStatus } from './fleet-status.ts';
import { type CatalogueNeeds, createModelCatalogue, type ModelCatalogue } from './model-catalogue.ts';
import { createIngressPricing } from './ingress-pricing.ts';
import { createKeyService, type KeyService } from './keys/key-service.ts';
import { createIngressRecorder, type IngressRecorder } from './recorder/ingress-recorder.ts';
import { recordsStatus } from './recorder/records-status.ts';
import { openRecords } from './records/records.ts';
import type { RecordsStore } from './records/records-store.ts';
import { createRedisLinks, type RedisLinks } from './redis-links.ts';
import { createHealthPages, type HealthPages, type ReplicaState } from './routes/health.ts';
import { type ClientServer, listen } from './server.ts';
import { createTotals } from './totals.ts';
import { watchGauges } from './watch-gauges.ts';
import { watchMemory } from './watch-memory.ts';

/** Everything between clients and the queue. An ingress holds no state that another replica would need. */
export interface Ingress {
  /** Listens, not ready yet. Resolves with the ports for clients and for management; rejects if it can't listen. */
  listen(): Promise<{ readonly port: number; readonly metricsPort: number }>;
  /** Waits for Redis without a limit; resolves when requests can be served. Rejects if Redis refuses the connection. */
  start(): Promise<void>;
  readonly openRequests: number;
  /** Lets the running requests finish. Those that still run after `graceMs` end with an error event. */
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
  /** Shows the first admin key; default: on the error output. */
  readonly showAdminKey?: (key: string) => void;
}

/** Running requests fail after this time without Redis. */
const redisAwayMs = 5000;
/** Interval of that check. */
const checkEveryMs = 500;
/**
 * Redis counts as down after this time without a write, although it may answer: it may be a replica, or full. A process
 * writes twice a second.
 */
const noWriteMs = 2000;

export function createIngress(needs: IngressNeeds): Ingress {
  const { config, ingressId, version, buildDate, logger, metrics } = needs;
  const now = (): number => performance.now();
  const onError = createTroubleLog(logger, 'redis trouble', now);
  const { pricing, costBounds } = createIngressPricing(config, logger);
  const links = createRedisLinks({ config, ingressId, version, logger, metrics, pricing, onError, now });
  const { fleet, admission, exchanges } = links;
  const { commands, liveness } = fleet;
  const records = openRecords({ config, connection: fleet.writes, keys: links.keys, logger, metrics, onError, now });
  const keyService = openKeys(needs, { links, store: records.store, onError, now });
  const totals = createTotals();
  const memory = watchMemory({ limitBytes: config.server.memoryLimitBytes, logger, now });
  const redis = watchPresence(commands, now);
  let isStarted = false;
  let isDraining = false;
  let servesUntil = Infinity;
  let server: ClientServer | undefined;
  let management: ManagementServer | undefined;
  let watchdog: NodeJS.Timeout | undefined;
  let stopSettling: (() => void) | undefined;
  const recorder = createIngressRecorder({ config, logger, metrics, now });

  watchGauges(metrics, config, links);

  const state = (): ReplicaState => ({
    isRedisUp: isStarted && redis.isUp && liveness.silentForMs < noWriteMs,
    // Includes a Redis that can be reached but takes no writes: its connection becomes ready again and again.
    isRedisAway: !isStarted || redis.isAway || liveness.silentForMs >= noWriteMs,
    isDraining,
    isRefusing: now() >= servesUntil,
    openRequests: exchanges.size,
    isMemoryFull: memory.isFull(),
  });
  const fleetStatus = readFleet({ config, links, recorder, now });
  const pages = createHealthPages({ version, buildDate, config, state, totals, fleetStatus });
  const render = shareRender(metrics.render, now);
  const onInternal = (error: unknown): void => logger.error({ err: error }, 'internal error');
  const app = createApp({
    config,
    inference: { config, admission, exchanges, ingressId, costBounds, metrics, onInternal, now },
    peek: links.peek,
    catalogue: listModels({ config, links, onError, now }),
    observe: {
      requestLogs: records.requestLogs,
      metrics,
      logger,
      totals,
      trustTraceContext: config.server.trustTraceContext,
      now,
    },
    records: records.store,
    keys: keyService,
    state,
    pages,
    version,
    metrics: render,
    startedAtSeconds: Math.floor(Date.now() / 1000),
    onInternal,
  });

  function giveUpWithoutRedis(): void {
    if (liveness.silentForMs <= redisAwayMs) return;
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
      await Promise.all([fleet.start(), links.roster.start(), keyService.start()]);
      isStarted = true;
      recorder.start();
      watchdog = setInterval(giveUpWithoutRedis, checkEveryMs);
      stopSettling = links.settleLost(() => redis.isUp);
    },
    get openRequests() {
      return exchanges.size;
    },
    async stop(options) {
      isDraining = true;
      keyService.close();
      const onServesUntil = (at: number): void => void (servesUntil = at);
      const drained = { links, records, server, management, onServesUntil, now };
      const longest = { longestAnswerMs: longestAnswerMs(config) };
      await drain({ ...options, ...drained, ...longest }).finally(() => {
        clearInterval(watchdog);
        stopSettling?.();
      });
      // The last requests have left their entries in Redis.
      await recorder.stop();
    },
  };
}

interface FleetParts {
  readonly config: IngressConfig;
  readonly links: RedisLinks;
  readonly recorder: IngressRecorder;
  readonly now: () => number;
}

const readFleet = ({ config, links, recorder, now }: FleetParts): (() => Promise<FleetStatus>) =>
  createFleetStatus({
    limits: config.limits,
    records: config.database === undefined ? undefined : async () => recordsStatus(recorder.state()),
    occupancy: links.admission.occupancy,
    shardCounts: links.submitter.shardCounts,
    reader: createFleetReader({ connection: links.fleet.commands, keys: links.keys }),
    now,
  });

interface CatalogueParts extends Omit<CatalogueNeeds, 'lists'> {
  readonly links: RedisLinks;
}

const listModels = ({ links, ...needs }: CatalogueParts): ModelCatalogue =>
  createModelCatalogue({
    ...needs,
    lists: createModelListReader({ connection: links.fleet.commands, keys: links.keys }),
  });

/** Returns the longest time (ms) from the arrival of a request to the end of its answer. */
const longestAnswerMs = ({ timeouts, limits }: IngressConfig): number =>
  Math.max(timeouts.streamTotalMs, timeouts.totalMs) + limits.maxQueueWaitMs;

function listenToClients({ config, logger }: IngressNeeds, app: Listener, now: () => number): Promise<ClientServer> {
  const onDropped = createTroubleLog(logger, 'too many client connections: the new one is closed', now);
  return listen(app, {
    ...config.server,
    onDropped: () => onDropped(`server.max_connections is reached; it is ${config.server.maxConnections}`),
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
    health: () => pages.health('all'),
    status: () => pages.status('all'),
    logger,
  });
}

interface KeyWays {
  readonly links: RedisLinks;
  readonly store: RecordsStore;
  readonly onError: (error: unknown) => void;
  readonly now: () => number;
}

const openKeys = (
  { config, logger, showAdminKey }: IngressNeeds,
  { links, store, onError, now }: KeyWays,
): KeyService =>
  createKeyService({
    config,
    connection: links.fleet.commands,
    names: links.keys,
    records: store,
    onStreamsEnd: (keyId) => links.exchanges.failAllOf(keyId, 'key_revoked'),
    logger,
    onError,
    onIssuerTrouble: createTroubleLog(logger, 'issuer trouble', now),
    ...(showAdminKey === undefined ? {} : { showOnce: showAdminKey }),
  });
