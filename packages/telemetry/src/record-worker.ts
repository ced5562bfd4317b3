import type { GaugeFeed } from './gauge-feed.ts';
import type { Instruments } from './instruments.ts';
import { metricTable } from './metric-names.ts';
import type { SharedMetrics, WorkerMetrics, WorkerSources } from './recorders.ts';

/** Gap between two chunks (ms) from which its trace becomes an exemplar. */
const longGapMs = 250;

/** Creates the methods with which a worker records its metrics. */
export function recordWorker(instruments: Instruments, feed: GaugeFeed): Omit<WorkerMetrics, keyof SharedMetrics> {
  const { counter, gauge, histogram } = instruments;
  const activeJobs = gauge(metricTable.activeJobs).at();
  const refused = counter(metricTable.jobsRefused);
  const intakeStopped = counter(metricTable.intakeStopped).at();
  const attempts = counter(metricTable.upstreamAttempts);
  const chunkGap = histogram(metricTable.upstreamChunkGap);
  const retries = counter(metricTable.retries);
  const modelsAsked = counter(metricTable.modelsAsked);
  const burnt = counter(metricTable.burntTokens);
  const cooldowns = counter(metricTable.credentialCooldowns);
  const cost = counter(metricTable.cost);
  const upstreamTokens = counter(metricTable.upstreamTokens);
  const costDifferences = counter(metricTable.costDifferences);
  const unpricedCalls = counter(metricTable.unpricedCalls);

  return {
    jobStarted: () => void activeJobs.value++,
    jobEnded: () => void activeJobs.value--,
    jobRefused: (reason) => void refused.at(reason).value++,
    intakeStopped: (forMs) => void (intakeStopped.value += forMs / 1000),
    attemptEnded: (upstream, outcome) => void attempts.at(upstream, outcome).value++,
    chunkGap: (upstream, gapMs, traceId) =>
      chunkGap.at(upstream).observe(gapMs / 1000, gapMs < longGapMs ? undefined : traceId),
    retried: (upstream, reason) => void retries.at(upstream, reason).value++,
    modelsAsked: (upstream, outcome) => void modelsAsked.at(upstream, outcome).value++,
    tokensBurnt(upstream, tokens) {
      if (tokens > 0) burnt.at(upstream).value += tokens;
    },
    credentialCooledDown: (upstream, reason) => void cooldowns.at(upstream, reason).value++,
    spent(upstream, model, costMicros) {
      if (costMicros > 0) cost.at(upstream, model).value += costMicros;
    },
    tokensBilled(upstream, { fresh, cacheRead, cacheWrite, output, reasoning }) {
      if (fresh > 0) upstreamTokens.at(upstream, 'fresh').value += fresh;
      if (cacheRead > 0) upstreamTokens.at(upstream, 'cache_read').value += cacheRead;
      if (cacheWrite > 0) upstreamTokens.at(upstream, 'cache_write').value += cacheWrite;
      if (output > 0) upstreamTokens.at(upstream, 'output').value += output;
      if (reasoning > 0) upstreamTokens.at(upstream, 'reasoning').value += reasoning;
    },
    costDiffers: (upstream) => void costDifferences.at(upstream).value++,
    unpriced: (upstream) => void unpricedCalls.at(upstream).value++,
    watch: workerGauges(instruments, feed),
  };
}

/** Creates the gauges that are filled at each scrape from sources set later. */
function workerGauges({ gauge }: Instruments, feed: GaugeFeed): (sources: WorkerSources) => void {
  const credentials = gauge(metricTable.credentials);
  const circuitOpen = gauge(metricTable.circuitOpen);
  const connections = gauge(metricTable.upstreamConnections);
  const waitingCalls = gauge(metricTable.upstreamWaitingCalls);
  const concurrency = gauge(metricTable.workerConcurrency);

  return (sources) => {
    feed.add({
      gauges: [credentials],
      source: sources.credentials,
      apply(pools) {
        for (const { upstream, ready, cooling } of pools) {
          credentials.at(upstream, 'ready').value += ready;
          credentials.at(upstream, 'cooling').value += cooling;
        }
      },
    });
    feed.add({
      gauges: [circuitOpen],
      source: sources.circuits,
      apply(circuits) {
        for (const { target, isOpen } of circuits) {
          // Set instead of added up: two models may share a target.
          const cell = circuitOpen.at(target);
          if (isOpen) cell.value = 1;
        }
      },
    });
    feed.add({
      gauges: [concurrency],
      source: sources.concurrency,
      apply: (most) => void (concurrency.at().value = most),
    });
    feed.add({
      gauges: [connections, waitingCalls],
      source: sources.pools,
      apply(pools) {
        for (const { upstream, open, waiting } of pools) {
          connections.at(upstream).value += open;
          waitingCalls.at(upstream).value += waiting;
        }
      },
    });
  };
}
