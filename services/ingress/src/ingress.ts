import { randomUUID } from 'node:crypto';
import type { IngressConfig } from '@sluice/config';
import { createKeptAnswers, createKeptResponses } from '@sluice/kept-answers';
import { type ManagementServer, startManagementServer, warnOfEviction } from '@sluice/lifecycle';
import { untilReady } from '@sluice/redis';
import { createFleetReader, createModelListReader } from '@sluice/relay';
import { createTroubleLog, type Render, shareRender } from '@sluice/telemetry';
import { createApp } from './app.ts';
import type { Listener } from './direct-routes.ts';
import { drain, type StopOptions } from './drain.ts';
import { createFleetStatus, type FleetStatus } from './fleet-status.ts';
import { connectParts, type IngressNeeds, type IngressParts } from './ingress-parts.ts';
import type { KeepAnswerNeeds } from './kept/keep-answer.ts';
import { createModelCatalogue, type ModelCatalogue } from './model-catalogue.ts';
import { recordsStatus } from './recorder/records-status.ts';
import { createResponseRecords, type ResponseRecords } from './responses/response-records.ts';
import { createHealthPages, type HealthPages, type ReplicaState } from './routes/health.ts';
import { type ClientServer, listen } from './server.ts';

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
  const { config, logger } = needs;
  const parts = connectParts(needs);
  const { links, records, keyService, recorder, memory, redis, now } = parts;
  const { fleet, exchanges } = links;
  const { commands, liveness } = fleet;
  let isStarted = false;
  let isDraining = false;
  let servesUntil = Infinity;
  let server: ClientServer | undefined;
  let management: ManagementServer | undefined;
  let watchdog: NodeJS.Timeout | undefined;
  let stopSettling: (() => void) | undefined;

  const { app, pages, render } = createPages(needs, parts, () => ({
    isRedisUp: isStarted && redis.isUp && liveness.silentForMs < noWriteMs,
    // Includes a Redis that can be reached but takes no writes: its connection becomes ready again and again.
    isRedisAway: !isStarted || redis.isAway || liveness.silentForMs >= noWriteMs,
    isDraining,
    isRefusing: now() >= servesUntil,
    openRequests: exchanges.size,
    isMemoryFull: memory.isFull(),
  }));

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
      // It applies the migrations, for which the keys of the database wait.
      recorder.start();
      await Promise.all([fleet.start(), links.roster.start(), keyService.start()]);
      isStarted = true;
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

interface Served {
  readonly app: Listener;
  readonly pages: HealthPages;
  readonly render: Render;
}

/** Creates the routes for clients, and the pages and metrics that the server for operators has too. */
function createPages(
  { config, ingressId, version, buildDate, logger, metrics }: IngressNeeds,
  parts: IngressParts,
  state: () => ReplicaState,
): Served {
  const { links, records, keyService, costBounds, totals, now } = parts;
  const { admission, exchanges, peek } = links;
  const recorded = config.database === undefined ? undefined : () => recordsStatus(parts.recorder.state());
  const fleetStatus = readFleet(config, parts, recorded);
  const pages = createHealthPages({ version, buildDate, config, state, totals, fleetStatus, records: recorded });
  const render = shareRender(metrics.render, now);
  const onInternal = (error: unknown): void => logger.error({ err: error }, 'internal error');
  const { trustTraceContext } = config.server;
  const app = createApp({
    config,
    inference: { config, admission, exchanges, ingressId, costBounds, metrics, onInternal, now },
    peek,
    catalogue: listModels(config, parts),
    observe: { requestLogs: records.requestLogs, metrics, logger, totals, trustTraceContext, now },
    records: records.store,
    bodies: records.bodies,
    responses: openResponses(config, parts, onInternal),
    attachable: openAnswers(config, parts, ingressId),
    keys: keyService,
    state,
    pages,
    version,
    metrics: render,
    startedAtSeconds: Math.floor(Date.now() / 1000),
    onInternal,
  });
  return { app, pages, render };
}

const hourMs = 3_600_000;

function openAnswers(
  { server, secretKey }: Pick<IngressConfig, 'server' | 'secretKey'>,
  { links, onError }: Pick<IngressParts, 'links' | 'onError'>,
  processId: string,
): KeepAnswerNeeds {
  const { keys, fleet } = links;
  return {
    kept: createKeptAnswers({
      connection: fleet.commands,
      keys,
      processId,
      newId: randomUUID,
      keepMs: server.keepAnswersMs,
      secret: secretKey?.reveal(),
      onError,
    }),
    isAlive: async (owner) => (await fleet.commands.exists(keys.alive(owner))) > 0,
  };
}

/** Redis keeps a response until the database has it and a while longer; without a database for a day. */
const openResponses = (
  { database, secretKey }: Pick<IngressConfig, 'database' | 'secretKey'>,
  { links, records, onError }: Pick<IngressParts, 'links' | 'records' | 'onError'>,
  onLost: (error: unknown) => void,
): ResponseRecords =>
  createResponseRecords({
    kept: createKeptResponses({
      connection: links.fleet.commands,
      keys: links.keys,
      keepMs: database === undefined ? 24 * hourMs : hourMs,
      secret: secretKey?.reveal(),
      onError,
    }),
    records: records.store,
    hasDatabase: database !== undefined,
    onLost,
  });

const readFleet = (
  { limits }: IngressConfig,
  { links, now }: IngressParts,
  recorded: (() => ReturnType<typeof recordsStatus>) | undefined,
): (() => Promise<FleetStatus>) =>
  createFleetStatus({
    limits,
    records: recorded === undefined ? undefined : async () => recorded(),
    occupancy: links.admission.occupancy,
    shardCounts: links.submitter.shardCounts,
    reader: createFleetReader({ connection: links.fleet.commands, keys: links.keys }),
    now,
  });

const listModels = (config: IngressConfig, { links, onError, now }: IngressParts): ModelCatalogue =>
  createModelCatalogue({
    config,
    onError,
    now,
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
