import { answerMetrics } from './metric-table/answer-metrics.ts';
import { costMetrics } from './metric-table/cost-metrics.ts';
import { queueMetrics } from './metric-table/queue-metrics.ts';
import { recordMetrics } from './metric-table/record-metrics.ts';
import { relayMetrics } from './metric-table/relay-metrics.ts';
import { upstreamMetrics } from './metric-table/upstream-metrics.ts';

/** All metrics of Sluice. `docs/metrics.md` explains the same list to operators, and a test compares the two. */
export const metricTable = {
  ...answerMetrics,
  ...queueMetrics,
  ...upstreamMetrics,
  ...relayMetrics,
  ...recordMetrics,
  ...costMetrics,
} as const;
