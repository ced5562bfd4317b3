import { randomUUID } from 'node:crypto';
import { ConfigError, loadConfig } from '@sluice/config';
import { runService, type Service } from '@sluice/lifecycle';
import { targetName } from '@sluice/policy';
import { createLogger, createMetrics } from '@sluice/telemetry';
import { startAdminServer } from './admin-server.ts';
import { createWorker } from './worker.ts';

async function start(): Promise<Service> {
  const config = loadConfig({ env: process.env, cwd: process.cwd() });
  const logger = createLogger({ service: 'sluice-worker', level: config.log.level });
  for (const warning of config.warnings) logger.warn(warning);
  const workerId = `w-${randomUUID()}`;
  const metrics = createMetrics({
    service: 'worker',
    models: config.models.map(({ id }) => id),
    upstreams: config.upstreams.map(({ id }) => id),
    targets: config.models.flatMap(({ targets }) =>
      targets.flatMap(({ upstream, model }) => (model === undefined ? [] : [targetName({ upstream, model })])),
    ),
  });
  const worker = createWorker({ config, workerId, logger, metrics });
  const { metricsHost: host, metricsPort: port, drainTimeoutMs } = config.worker;
  const admin = await startAdminServer({
    host,
    port,
    metrics,
    isReady: () => worker.isReady,
    state: () => ({ worker_id: workerId, active_runs: worker.activeRuns }),
  });
  logger.info({ port }, 'worker waiting for redis');
  await worker.start();
  logger.info({ worker_id: workerId, port }, 'worker ready');
  return {
    async stop(reason) {
      logger.info({ reason, active_runs: worker.activeRuns }, 'worker draining');
      await worker.stop(drainTimeoutMs);
      admin.close();
      logger.info('worker stopped');
    },
    onUncaught: (error) => logger.fatal({ err: error }, 'uncaught error'),
  };
}

runService({
  start,
  explain: (error) =>
    error instanceof ConfigError ? error.message : String(error instanceof Error ? error.stack : error),
});
