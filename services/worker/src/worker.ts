import { setTimeout as delay } from 'node:timers/promises';
import { createUpstreamHealth } from '@sluice/upstream-health';
import { type Config, createChooseProxy, readRedisFiles } from '@sluice/config';
import { warnOfEviction, within } from '@sluice/lifecycle';
import { claim, createConsumer, createJobSeal, forget } from '@sluice/queue';
import { connect, type ConnectionRole, createKeys, type RedisConnection, untilReady } from '@sluice/redis';
import {
  createEnrolment,
  createLiveness,
  createMailboxReader,
  createMailboxWriter,
  createModelListWriter,
} from '@sluice/relay';
import { createTroubleLog, type Logger, type WorkerMetrics } from '@sluice/telemetry';
import { createTokenVault } from '@sluice/access-tokens';
import { createImageFetcher } from '@sluice/upstream';
import { createActiveRuns } from './active-runs.ts';
import { createDoubts } from './doubts.ts';
import { createHealth } from './fleet-health.ts';
import { logThrown } from './log-attempt.ts';
import { createMakeAttempt } from './make-attempt.ts';
import { createModelLists } from './model-lists.ts';
import { refuseForged, runJob } from './run-job.ts';
import { createRunMemory } from './run-memory.ts';
import { createTargets } from './targets.ts';
import { createUpstreamClients, tellProxies } from './upstream-clients.ts';
import { warnOfProviders } from './warn-of-providers.ts';
import { watchUpstreams } from './watch-upstreams.ts';

/** A worker: everything between its queue and its providers. */
export interface Worker {
  /** Resolves when Redis answers, however long that takes, and jobs are taken. Rejects when Redis refuses. */
  start(): Promise<void>;
  readonly isReady: boolean;
  readonly activeRuns: number;
  /** Takes no more jobs and lets the running ones finish; what still runs after `graceMs` is given back or ended. */
  stop(graceMs: number): Promise<void>;
}

export interface WorkerNeeds {
  readonly config: Config;
  readonly workerId: string;
  readonly logger: Logger;
  readonly metrics: WorkerMetrics;
}

/**
 * Ingresses read the list of workers four times a second. A worker that claimed a run before they know it could not be asked
 * for that run after Redis has lost its data.
 */
const untilKnownMs = 500;
/** A Redis that takes no write for so long is not fit to serve, although it may answer: one that is a replica, or full. */
const noWriteMs = 2000;
/** Time that remains after the grace for aborting the rest and telling their ingresses. */
const lastWordsMs = 2000;
const connectTimeoutMs = 10_000;
/** A probe whose worker has died keeps others from trying its target for so long. */
const longestProbeMs = 60_000;
/** No provider takes larger ones. */
const maxImageBytes = 20 * 1024 * 1024;
/**
 * Bytes of all images in memory. Each takes about four times its size: as base64, in a body, and in the body's bytes.
 */
const maxTotalImageBytes = 128 * 1024 * 1024;
const imageTimeoutMs = 10_000;

export function createWorker({ config, workerId, logger, metrics }: WorkerNeeds): Worker {
  const now = (): number => performance.now();
  const keys = createKeys(config.redis.keyPrefix);
  const { shards } = config.queue;
  const onError = createTroubleLog(logger, 'redis trouble', now);
  const connections: RedisConnection[] = [];
  const settings = readRedisFiles(config.redis);
  const open = (role: ConnectionRole): RedisConnection => {
    const connection = connect({ settings, role, name: `sluice-worker-${role}`, onError });
    connections.push(connection);
    return connection;
  };

  const commands = open('command');
  const runs = createActiveRuns();
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
  const health = createUpstreamHealth({
    connection: commands,
    keys,
    circuit: config.circuit,
    maxCooldownMs: config.retry.maxCooldownMs,
    probeMs: Math.min(config.timeouts.firstTokenMs, longestProbeMs),
  });
  const clients = createUpstreamClients({
    config,
    connectTimeoutMs,
    onThrow: (error) => logger.error({ err: error }, 'an answer of a provider could not be processed'),
  });
  const images = createImageFetcher({
    maxBytes: maxImageBytes,
    maxTotalBytes: maxTotalImageBytes,
    timeoutMs: imageTimeoutMs,
    proxyOf: createChooseProxy(config.proxies),
  });
  const { secretKey } = config;
  const seal = createJobSeal(secretKey?.reveal());
  const tokens =
    secretKey &&
    createTokenVault({
      connection: commands,
      keys,
      secret: secretKey.reveal(),
      onRenewed: ({ upstreamId, credentialId }) =>
        logger.info({ upstream: upstreamId, credential: credentialId }, 'token of a provider renewed'),
      onFailed: ({ upstreamId, credentialId }, { kind, message }) =>
        logger.warn(
          { upstream: upstreamId, credential: credentialId, code: kind, reason: message },
          'token of a provider not renewed',
        ),
      onError,
      now,
    });
  const modelLists = createModelLists({
    config,
    lists: createModelListWriter({ connection: commands, keys }),
    clientOf: clients.of,
    tokens,
    maxBodyBytes: config.worker.maxBodyBytes,
    onAsked: metrics.modelsAsked,
    onFailed: (upstream, { kind, status, message }) =>
      logger.warn({ upstream, kind, status, reason: message }, 'upstream did not tell its models'),
    onError,
    now,
  });
  const needs = {
    workerId,
    targetsOf: createTargets(config, { clientOf: clients.of, maxBodyBytes: config.worker.maxBodyBytes }),
    makeAttempt: createMakeAttempt({
      clientOf: clients.of,
      tokens,
      metrics,
      timeouts: config.timeouts,
      limits: config.worker,
      logger,
      onError,
      onThrow: (error, facts) => logThrown(logger, error, facts),
      now,
    }),
    images,
    health: createHealth(health, onError),
    doubts: createDoubts(),
    timeouts: config.timeouts,
    onError,
    policy: config.retry,
    metrics,
    logger,
    onRefused: createTroubleLog(logger, 'job refused', now),
    runs,
    memory,
    writer,
    claim: (job: Parameters<typeof claim>[1]) => claim({ connection: commands, keys, shards, workerId, seal }, job),
    forget: (job: Parameters<typeof forget>[1]) =>
      void forget({ connection: commands, keys, shards }, job).catch(onError),
    watchIngress: liveness.watch,
    unwatchIngress: liveness.unwatch,
    random: Math.random,
    now,
  };
  const consumer = createConsumer({
    connect: () => open('blocking'),
    keys,
    shards,
    concurrency: config.worker.concurrency,
    seal,
    run: (job, queuedAt) => runJob(needs, job, queuedAt),
    onForged: (job) => refuseForged(needs, job),
    onError,
  });
  metrics.watch({
    ...watchUpstreams(config, health),
    pools: clients.pools,
    concurrency: () => config.worker.concurrency,
  });
  commands.on('close', () => metrics.redisUp(false));
  let isRunning = false;

  return {
    async start() {
      warnOfProviders(config, logger);
      tellProxies(config, logger);
      await untilReady(commands);
      await warnOfEviction(commands, logger);
      await Promise.all([reader.start(), liveness.start(), enrolment.start()]);
      await delay(untilKnownMs);
      await consumer.start();
      modelLists.start();
      isRunning = true;
    },
    get isReady() {
      return isRunning && commands.status === 'ready' && liveness.silentForMs < noWriteMs;
    },
    get activeRuns() {
      return runs.size;
    },
    async stop(graceMs) {
      isRunning = false;
      const listed = modelLists.close();
      const drained = consumer.drain();
      // A login that a provider gives in place of a used-up one must be stored, whoever has left meanwhile.
      const renewed = drained.then(() => tokens?.close());
      await within(renewed, graceMs);
      runs.abortAll('draining');
      await within(drained, lastWordsMs);
      await within(Promise.all([writer.flushed(), tokens?.close(), listed]), lastWordsMs);
      writer.close();
      await within(
        Promise.all([reader.close(), liveness.close(), enrolment.close(), clients.close(), images.close()]),
        lastWordsMs,
      );
      for (const connection of connections) connection.disconnect();
    },
  };
}
