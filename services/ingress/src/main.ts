import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { profiles } from '@sluice/compat';
import { ConfigError, loadIngressConfig } from '@sluice/config';
import { createServiceLogger, fitHeapGrowth, readVersion, runService, type Service } from '@sluice/lifecycle';
import { findRefusal } from '@sluice/redis';
import { createMetrics } from '@sluice/telemetry';
import { announceKeyLimits } from './announce-key-limits.ts';
import { createIngress } from './ingress.ts';
import { keyLabels } from './key-labels.ts';
import { showOnErrorOutput, showToLauncher } from './keys/show-admin-key.ts';

/** Time in which a load balancer notices that a replica is no longer ready. */
const loadBalancerNoticeMs = 2000;

/** Returns the date on which this file was written: by the compiler, or by an editor if the sources run uncompiled. */
const readBuildDate = (): string =>
  statSync(new URL(import.meta.url))
    .mtime.toISOString()
    .slice(0, 10);

async function start(): Promise<Service> {
  const config = loadIngressConfig({ env: process.env, cwd: process.cwd(), profiles });
  const logger = createServiceLogger({
    service: 'sluice-ingress',
    log: config.log,
    env: process.env,
    cwd: process.cwd(),
  });
  for (const warning of config.warnings) logger.warn(warning);
  for (const note of config.notes) logger.info(note);
  announceKeyLimits(config, logger);
  const ingressId = `i-${randomUUID()}`;
  const metrics = createMetrics({
    service: 'ingress',
    models: config.models.map(({ id }) => id),
    upstreams: config.upstreams.map(({ id }) => id),
    keys: keyLabels(config.keys),
  });
  const ingress = createIngress({
    config,
    ingressId,
    // One folder above both `src` and `dist`.
    version: readVersion(new URL('../package.json', import.meta.url)),
    buildDate: readBuildDate(),
    logger,
    metrics,
    showAdminKey:
      process.env['SLUICE_ADMIN_KEY_BY_MESSAGE'] === '1' && process.send !== undefined
        ? showToLauncher(process)
        : showOnErrorOutput,
  });
  fitHeapGrowth({ openRequests: () => ingress.openRequests });
  const { port, metricsPort } = await ingress.listen();
  logger.info({ port, metrics_port: metricsPort }, 'ingress listening; waiting for redis');
  await ingress.start();
  logger.info({ ingress_id: ingressId, port, metrics_port: metricsPort }, 'ingress ready');
  return {
    async stop(reason) {
      logger.info({ reason, open_requests: ingress.openRequests }, 'ingress draining');
      // Only a replica behind a load balancer is stopped by SIGTERM without a launcher.
      const noticeMs = reason === 'SIGTERM' && process.env['SLUICE_SUPERVISED'] !== '1' ? loadBalancerNoticeMs : 0;
      await ingress.stop({ graceMs: config.server.drainTimeoutMs, noticeMs });
      logger.info('ingress stopped');
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
