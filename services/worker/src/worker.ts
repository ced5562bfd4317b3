import { setTimeout as delay } from 'node:timers/promises';
import { createUpstreamHealth, type UpstreamHealth } from '@sluice/upstream-health';
import type { Config } from '@sluice/config';
import { warnOfEviction, within } from '@sluice/lifecycle';
import { type Consumer, createClaim, createConsumer, createForget, createJobSeal } from '@sluice/queue';
import { createKeys, type Keys, untilReady } from '@sluice/redis';
import { createUpstreamReporter, type UpstreamReporter } from '@sluice/relay';
import { createTroubleLog, type Logger, type WorkerMetrics } from '@sluice/telemetry';
import { createMakeAttempt } from './attempt.ts';
import { logThrown } from './attempt/log-attempt.ts';
import { type ActiveRuns, createActiveRuns } from './consumer/active-runs.ts';
import { refuseForged } from './consumer/refuse-job.ts';
import type { RunJobNeeds } from './consumer/run-job-needs.ts';
import { runJob } from './consumer.ts';
import { createForbiddenCredentials } from './credentials/forbidden-credentials.ts';
import { createHealth } from './targets/fleet-health.ts';
import { reportUpstreams } from './targets/report-upstreams.ts';
import { createTargets } from './targets/targets.ts';
import { tellProxies } from './targets/upstream-clients.ts';
import { warnOfProviders } from './targets/warn-of-providers.ts';
import { watchUpstreams } from './targets/watch-upstreams.ts';
import { type Accounts, keepAccounts } from './worker/keep-accounts.ts';
import { reachUpstreams, type Upstreams } from './worker/reach-upstreams.ts';
import { createRedisLinks, type RedisLinks } from './worker/redis-links.ts';

/** A worker: everything between its queue and its providers. */
export interface Worker {
  /** Resolves when Redis answers and jobs are taken, without a time limit. Rejects when Redis refuses. */
  start(): Promise<void>;
  readonly isReady: boolean;
  readonly activeRuns: number;
  /** Takes no more jobs and lets the running ones finish; gives back or ends those that still run after `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

export interface WorkerNeeds {
  readonly config: Config;
  readonly workerId: string;
  readonly version: string;
  readonly logger: Logger;
  readonly metrics: WorkerMetrics;
}

/**
 * Ingresses read the list of workers four times a second. They could not ask for a run, after Redis has lost its data, if
 * the worker claimed it before they had read its entry.
 */
const untilKnownMs = 500;
/** A Redis that takes no write for this long counts as unavailable, even if it answers: it is a replica, or full. */
const noWriteMs = 2000;
/** Time after the grace in which the remaining runs are aborted and reported to their ingresses. */
const abortMs = 2000;
/** Time for which the probe of a dead worker keeps other workers from trying its target. */
const longestProbeMs = 60_000;

/** The parts of a worker, connected. */
interface Parts extends WorkerNeeds {
  readonly keys: Keys;
  readonly runs: ActiveRuns;
  readonly links: RedisLinks;
  readonly health: UpstreamHealth;
  readonly upstreams: Upstreams;
  readonly accounts: Accounts;
  readonly seal: ReturnType<typeof createJobSeal>;
  readonly onError: (error: unknown) => void;
  readonly now: () => number;
}

export function createWorker(needs: WorkerNeeds): Worker {
  const { config, logger, metrics } = needs;
  const parts = connectParts(needs);
  const { runs, links, health, upstreams, accounts } = parts;
  const { fleet, enrolment } = links;
  const { commands, liveness } = fleet;
  const { clients, tokens, images, modelLists } = upstreams;
  const consumer = consume(parts);
  const reporter = createReporter(parts);
  metrics.watch({
    ...watchUpstreams(config, health),
    pools: clients.pools,
    concurrency: () => config.worker.concurrency,
  });
  let isRunning = false;

  return {
    async start() {
      warnOfProviders(config, logger);
      tellProxies(config, logger);
      await untilReady(commands);
      await warnOfEviction(commands, logger);
      await Promise.all([fleet.start(), enrolment.start()]);
      await delay(untilKnownMs);
      await consumer.start();
      modelLists.start();
      reporter.start();
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
      const listed = Promise.all([modelLists.close(), reporter.close()]);
      const drained = consumer.drain();
      // A renewed login must be stored even if its request has ended: the provider no longer accepts the previous one.
      const renewed = drained.then(() => tokens?.close());
      await within(renewed, graceMs);
      runs.abortAll('draining');
      await within(drained, abortMs);
      const { attempts, openAttempts } = accounts;
      const recorded = Promise.resolve(attempts?.flush(abortMs)).then(() => openAttempts?.flush());
      await within(Promise.all([fleet.writer.flushed(), recorded, tokens?.close(), listed]), abortMs);
      openAttempts?.close();
      attempts?.close();
      await within(Promise.all([fleet.close(), enrolment.close(), clients.close(), images.close()]), abortMs);
      fleet.disconnect();
    },
  };
}

function connectParts(needs: WorkerNeeds): Parts {
  const { config, workerId, version, logger, metrics } = needs;
  const now = (): number => performance.now();
  const keys = createKeys(config.redis.keyPrefix);
  const onError = createTroubleLog(logger, 'redis trouble', now);
  const runs = createActiveRuns();
  const links = createRedisLinks({ config, workerId, version, keys, runs, metrics, onError, now });
  const { commands } = links.fleet;
  const health = createUpstreamHealth({
    connection: commands,
    keys,
    circuit: config.circuit,
    maxCooldownMs: config.retry.maxCooldownMs,
    probeMs: Math.min(config.timeouts.firstTokenMs, longestProbeMs),
  });
  const upstreams = reachUpstreams({ config, connection: commands, keys, logger, metrics, onError, now });
  const seal = createJobSeal(config.secretKey?.reveal());
  const { writes } = links.fleet;
  const accounts = keepAccounts({ config, workerId, connection: writes, keys, logger, metrics, onError, now });
  return { ...needs, keys, runs, links, health, upstreams, accounts, seal, onError, now };
}

const createReporter = ({ config, health, keys, links, onError }: Parts): UpstreamReporter =>
  createUpstreamReporter({
    connection: links.fleet.commands,
    keys,
    report: () => reportUpstreams({ config, health, now: Date.now }),
    onError,
  });

function consume(parts: Parts): Consumer {
  const { config, keys, links, metrics, seal, onError } = parts;
  const needs = runJobNeeds(parts);
  return createConsumer({
    connection: links.fleet.writes,
    keys,
    shards: config.queue.shards,
    concurrency: config.worker.concurrency,
    seal,
    run: (job, queuedAt) => runJob(needs, job, queuedAt),
    onForged: (job) => refuseForged(needs, job),
    onIntakeStopped: metrics.intakeStopped,
    onError,
  });
}

function runJobNeeds(parts: Parts): RunJobNeeds {
  const { config, workerId, logger, metrics, keys, runs, links, health, upstreams, accounts, seal, onError, now } =
    parts;
  const { clients, tokens, images } = upstreams;
  const { commands: connection, writes, liveness, writer } = links.fleet;
  const { shards } = config.queue;
  const forget = createForget({ connection: writes, keys, shards });
  return {
    workerId,
    targetsOf: createTargets(config, { clientOf: clients.of, maxBodyBytes: config.worker.maxBodyBytes }),
    makeAttempt: createMakeAttempt({
      clientOf: clients.of,
      tokens,
      ...accounts,
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
    forbiddenCredentials: createForbiddenCredentials(),
    timeouts: config.timeouts,
    onError,
    policy: config.retry,
    metrics,
    logger,
    onRefused: createTroubleLog(logger, 'job refused', now),
    runs,
    memory: links.memory,
    writer,
    claim: createClaim({ connection, keys, shards, workerId, seal }),
    forget: (job) => void forget(job).catch(onError),
    watchIngress: liveness.watch,
    unwatchIngress: liveness.unwatch,
    random: Math.random,
    now,
  };
}
