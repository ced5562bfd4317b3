import { createLogger, createMetrics } from '@sluice/telemetry';
import type { AppNeeds } from '../src/app.ts';
import { noTokens } from './middleware/serving.ts';
import { createKnownKeys } from '../src/keys/known-keys.ts';
import { createTotals } from '../src/totals.ts';
import { configWith, costBounds } from './inference/fakes.ts';

const never = (): never => {
  throw new Error('this test sends no request');
};

const logger = createLogger({ service: 'test', level: 'silent' });

/** Returns what the application needs; nothing of it answers a request. */
export function appNeeds(server: Partial<AppNeeds['config']['server']> = {}): AppNeeds {
  const whole = configWith();
  const config = { ...whole, server: { ...whole.server, ...server } };
  const metrics = createMetrics({ service: 'ingress', models: [], upstreams: [], keys: [] });
  const now = () => 0;
  return {
    config,
    inference: {
      config,
      admission: { acquire: never },
      exchanges: { begin: never },
      ingressId: 'i-1',
      costBounds,
      metrics,
      onInternal: never,
      now,
    },
    peek: never,
    catalogue: { list: never },
    observe: {
      metrics,
      logger,
      totals: createTotals(),
      trustTraceContext: false,
      now,
    },
    records: { use: never, close: never },
    bodies: undefined,
    attachable: { kept: { open: never, find: never, read: never }, isAlive: never },
    responses: { save: never, find: never, remove: never },
    keys: {
      known: createKnownKeys(config),
      tokens: noTokens,
      records: { use: never, close: never },
      hasDatabase: false,
      spends: { read: never, seed: never },
      publish: never,
      untilCompared: never,
      start: never,
      close: never,
    },
    state: never,
    pages: { livez: never, readyz: never, health: never, status: never },
    version: '1.2.3',
    metrics: never,
    startedAtSeconds: 0,
    onInternal: never,
  };
}
