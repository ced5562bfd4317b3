import { randomUUID } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { profiles } from '@sluice/compat';
import { ConfigError, loadIngressConfig } from '@sluice/config';
import { runService, type Service } from '@sluice/lifecycle';
import { findRefusal } from '@sluice/redis';
import { createLogger, createMetrics } from '@sluice/telemetry';
import { z } from 'zod';
import { announceKeyLimits } from './announce-key-limits.ts';
import { createIngress } from './ingress.ts';
import { keyLabels } from './key-labels.ts';

/** Until a load balancer has seen that a replica is no longer ready. */
const loadBalancerNoticeMs = 2000;

/** Of this package: from `src` and from `dist` its manifest is one folder up. */
function readVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as unknown;
  return z.object({ version: z.string() }).parse(manifest).version;
}

/** When this file was compiled; of sources that are run as they are, when they were written. */
const readBuildDate = (): string =>
  statSync(new URL(import.meta.url))
    .mtime.toISOString()
    .slice(0, 10);

async function start(): Promise<Service> {
  const config = loadIngressConfig({ env: process.env, cwd: process.cwd(), profiles });
  const logger = createLogger({ service: 'sluice-ingress', level: config.log.level });
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
    version: readVersion(),
    buildDate: readBuildDate(),
    logger,
    metrics,
  });
  const { port, metricsPort } = await ingress.listen();
  logger.info({ port, metrics_port: metricsPort }, 'ingress listening; waiting for redis');
  await ingress.start();
  logger.info({ ingress_id: ingressId, port, metrics_port: metricsPort }, 'ingress ready');
  return {
    async stop(reason) {
      logger.info({ reason, open_requests: ingress.openRequests }, 'ingress draining');
      // Only a replica behind a load balancer is stopped this way.
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
