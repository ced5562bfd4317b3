import { collectDefaultMetrics, Registry } from 'prom-client';
import { createExposer } from './exposition.ts';
import { createGaugeFeed } from './gauge-feed.ts';
import { createInstruments, type Instruments } from './instruments.ts';
import { metricTable } from './metric-names.ts';
import type { Service } from './metric-row.ts';
import type { IngressMetrics, SharedMetrics, WorkerMetrics } from './recorders.ts';
import { recordIngress } from './record-ingress.ts';
import { recordWorker } from './record-worker.ts';

/** Bounds of the labels. A value outside of them is counted as `other`. */
export interface MetricsOptions {
  /** Ids of the configured model entries, including globs: callers report the matching entry, not the client's text. */
  readonly models: readonly string[];
  readonly upstreams: readonly string[];
  /** Targets with a circuit: `upstream/model`. Default: none. */
  readonly targets?: readonly string[];
  /** Queues. Default: only `chat`. */
  readonly queues?: readonly string[];
  /** Names of client keys. Default: none. */
  readonly keys?: readonly string[];
}

/**
 * Interval (ms) at which the lag of the event loop is sampled, and so the least lag that the metrics show. Each sample wakes the
 * process: prom-client's 10 ms were nine of ten wake-ups of a process without requests.
 */
const lagSampleMs = 20;

/** Creates a registry with the metrics of one service and of its process, including event-loop lag. */
export function createMetrics(options: MetricsOptions & { readonly service: 'ingress' }): IngressMetrics;
export function createMetrics(options: MetricsOptions & { readonly service: 'worker' }): WorkerMetrics;
export function createMetrics(options: MetricsOptions & { readonly service: Service }): IngressMetrics | WorkerMetrics {
  const { models, upstreams, targets = [], queues = ['chat'], keys = [] } = options;
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: lagSampleMs });
  const instruments = createInstruments({ registry, configured: { models, upstreams, targets, queues, keys } });
  const feed = createGaugeFeed();
  const expose = createExposer(registry);
  const shared: SharedMetrics = {
    ...recordShared(instruments),
    async render(format = 'text') {
      await feed.refresh();
      return await expose(format);
    },
  };
  return options.service === 'ingress'
    ? { ...shared, ...recordIngress(instruments, feed) }
    : { ...shared, ...recordWorker(instruments, feed) };
}

function recordShared({ counter, gauge, histogram }: Instruments): Omit<SharedMetrics, 'render'> {
  const redisUp = gauge(metricTable.redisUp).at();
  const lag = histogram(metricTable.relayLag).at();
  const frames = counter(metricTable.relayFrames).at();
  const shed = counter(metricTable.outboxShed);
  return {
    redisUp: (isUp) => void (redisUp.value = isUp ? 1 : 0),
    relayRead(frameCount, lagMs) {
      frames.value += frameCount;
      if (lagMs !== undefined) lag.observe(lagMs / 1000);
    },
    outboxShed: (stream, count) => void (shed.at(stream).value += count),
  };
}
