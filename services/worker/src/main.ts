import { randomUUID } from 'node:crypto';
import { profiles } from '@sluice/compat';
import { ConfigError, loadConfig } from '@sluice/config';
import {
  createServiceLogger,
  fitHeapGrowth,
  type Page,
  readVersion,
  runService,
  type Service,
  startManagementServer,
} from '@sluice/lifecycle';
import { targetName } from '@sluice/policy';
import { findRefusal } from '@sluice/redis';
import { createMetrics, shareRender } from '@sluice/telemetry';
import { createWorker } from './worker.ts';

async function start(): Promise<Service> {
  const config = loadConfig({ env: process.env, cwd: process.cwd(), profiles });
  const logger = createServiceLogger({
    service: 'sluice-worker',
    log: config.log,
    env: process.env,
    cwd: process.cwd(),
  });
  for (const warning of config.warnings) logger.warn(warning);
  for (const note of config.notes) logger.info(note);
  const workerId = `w-${randomUUID()}`;
  const metrics = createMetrics({
    service: 'worker',
    models: config.models.map(({ id }) => id),
    upstreams: config.upstreams.map(({ id }) => id),
    targets: config.models.flatMap(({ targets }) =>
      targets.flatMap(({ upstream, model }) => (model === undefined ? [] : [targetName({ upstream, model })])),
    ),
  });
  // One folder above both `src` and `dist`.
  const version = readVersion(new URL('../package.json', import.meta.url));
  const worker = createWorker({ config, workerId, version, logger, metrics });
  fitHeapGrowth({ openRequests: () => worker.activeRuns });
  const { metricsHost: host, metricsPort, isMetricsPortUsual, drainTimeoutMs } = config.worker;
  const summary = (): Page => ({
    status: 200,
    body: {
      status: worker.isReady ? 'ok' : 'degraded',
      worker_id: workerId,
      version,
      active_runs: worker.activeRuns,
      concurrency: config.worker.concurrency,
      memory_usage_mb: Math.round(process.memoryUsage.rss() / 1024 / 1024),
      uptime_seconds: Math.round(process.uptime()),
    },
  });
  const management = await startManagementServer({
    host,
    port: metricsPort,
    mayTakeAnother: isMetricsPortUsual,
    metrics: shareRender(metrics.render, () => performance.now()),
    livez: () => ({ status: 200, body: { status: 'ok' } }),
    readyz: () =>
      worker.isReady ? { status: 200, body: { status: 'ready' } } : { status: 503, body: { status: 'not ready' } },
    health: summary,
    status: summary,
    logger,
  });
  const { port } = management;
  logger.info({ port }, 'worker waiting for redis');
  await worker.start();
  logger.info({ worker_id: workerId, port }, 'worker ready');
  return {
    async stop(reason) {
      logger.info({ reason, active_runs: worker.activeRuns }, 'worker draining');
      await worker.stop(drainTimeoutMs);
      management.close();
      logger.info('worker stopped');
    },
    onUncaught: (error) => logger.fatal({ err: error }, 'uncaught error'),
  };
}

runService({
  start,
  explain: (error) =>
    error instanceof ConfigError
      ? error.message
      : (findRefusal(error)?.message ?? String(error instanceof Error ? error.stack : error)),
});
