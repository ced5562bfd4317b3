import type { GaugeFeed } from './gauge-feed.ts';
import type { Instruments } from './instruments.ts';
import { metricTable } from './metric-names.ts';
import { recordedStreams } from './label-values.ts';
import type { IngressMetrics, IngressSources, RecorderFacts, SharedMetrics } from './recorders.ts';

/** Creates the methods with which an ingress records its metrics. */
export function recordIngress(instruments: Instruments, feed: GaugeFeed): Omit<IngressMetrics, keyof SharedMetrics> {
  const { counter, gauge, histogram } = instruments;
  const duration = histogram(metricTable.requestDuration);
  const timeToFirstToken = histogram(metricTable.timeToFirstToken);
  const timePerOutputToken = histogram(metricTable.timePerOutputToken);
  const tokens = counter(metricTable.tokens);
  const keyTokens = counter(metricTable.keyTokens);
  const keyRequests = counter(metricTable.keyRequests);
  const requests = counter(metricTable.requests);
  const errors = counter(metricTable.requestErrors);
  const openStreams = gauge(metricTable.openStreams).at();
  const aborts = counter(metricTable.clientAborts).at();
  const slowClients = counter(metricTable.slowClients).at();
  const admissionWait = histogram(metricTable.admissionWait).at();
  const refusals = counter(metricTable.admissionRefusals);
  const keyCost = counter(metricTable.keyCost);
  const queueWait = histogram(metricTable.queueWait).at();
  const resubmissions = counter(metricTable.resubmissions);
  const resumptions = counter(metricTable.resumptions);
  const dropped = counter(metricTable.relayDroppedFrames);
  const gaps = counter(metricTable.relayGaps).at();

  return {
    requestFinished(request) {
      const { model, upstream, key, traceId, durationMs, ttftMs, inputTokens = 0, outputTokens = 0 } = request;
      const statusClass = statusClassOf(request.status);
      requests.at(model, String(request.stream), request.outcome, statusClass).value++;
      keyRequests.at(key, request.outcome).value++;
      if (request.code !== undefined) errors.at(request.code).value++;
      duration.at(model, upstream, statusClass).observe(durationMs / 1000, traceId);
      for (const [type, count] of [
        ['input', inputTokens],
        ['output', outputTokens],
      ] as const) {
        if (count <= 0) continue;
        tokens.at(model, upstream, type).value += count;
        keyTokens.at(key, type).value += count;
      }
      if (ttftMs === undefined) return;
      timeToFirstToken.at(model, upstream).observe(ttftMs / 1000, traceId);
      if (request.stream && request.outcome === 'complete' && outputTokens > 1) {
        timePerOutputToken.at(model, upstream).observe((durationMs - ttftMs) / 1000 / (outputTokens - 1), traceId);
      }
    },
    streamOpened: () => void openStreams.value++,
    streamClosed: () => void openStreams.value--,
    clientAborted: () => void aborts.value++,
    clientTooSlow: () => void slowClients.value++,
    admitted: (waitMs, traceId) => admissionWait.observe(waitMs / 1000, traceId),
    keySpent(key, costMicros) {
      if (costMicros > 0) keyCost.at(key).value += costMicros;
    },
    refused: (reason, key) => void refusals.at(reason, key).value++,
    queueWaited: (waitMs, traceId) => queueWait.observe(waitMs / 1000, traceId),
    resubmitted: (reason) => void resubmissions.at(reason).value++,
    streamResumed: (outcome) => void resumptions.at(outcome).value++,
    relayDropped: (reason) => void dropped.at(reason).value++,
    relayGap: () => void gaps.value++,
    watch: ingressGauges(instruments, feed),
  };
}

function statusClassOf(status: number): string {
  return `${Math.floor(status / 100)}xx`;
}

/** Creates the gauges that are filled at each scrape from sources set later. */
function ingressGauges(instruments: Instruments, feed: GaugeFeed): (sources: IngressSources) => void {
  const { gauge } = instruments;
  const feedRecorder = recorderMetrics(instruments, feed);
  const leasesInUse = gauge(metricTable.leasesInUse);
  const leasesLimit = gauge(metricTable.leasesLimit);
  const waiting = gauge(metricTable.waitingRequests);
  const longestWait = gauge(metricTable.longestWait);
  const queueJobs = gauge(metricTable.queueJobs);
  const workers = gauge(metricTable.workers);
  const memoryUsed = gauge(metricTable.redisMemoryUsed);
  const memoryLimit = gauge(metricTable.redisMemoryLimit);

  return (sources) => {
    feed.add({
      gauges: [leasesInUse, leasesLimit, waiting, longestWait],
      source: sources.leases,
      apply(leases) {
        leasesInUse.at().value = leases.inUse;
        leasesLimit.at().value = leases.limit;
        waiting.at().value = leases.waiting;
        longestWait.at().value = leases.longestWaitMs / 1000;
      },
    });
    feed.add({
      gauges: [queueJobs],
      source: sources.queueJobs,
      apply(jobs) {
        for (const { queue, state, count } of jobs) queueJobs.at(queue, state).value += count;
      },
    });
    feed.add({
      gauges: [workers],
      source: sources.workers,
      apply: (count) => void (workers.at().value = count),
    });
    feed.add({
      gauges: [memoryUsed, memoryLimit],
      source: sources.redisMemory,
      apply({ usedBytes, limitBytes }) {
        memoryUsed.at().value = usedBytes;
        memoryLimit.at().value = limitBytes;
      },
    });
    feedRecorder(sources.recorder);
  };
}

/** The counts of the recorder come from its thread, so they are read at each scrape, too. */
function recorderMetrics({ counter, gauge }: Instruments, feed: GaugeFeed) {
  const databaseUp = gauge(metricTable.databaseUp);
  const running = gauge(metricTable.recorderRunning);
  const batches = gauge(metricTable.outboxBatches);
  const age = gauge(metricTable.outboxAge);
  const recorded = counter(metricTable.recordedEntries);
  const skipped = counter(metricTable.skippedEntries);
  const imbalances = counter(metricTable.ledgerImbalances);

  function apply(facts: RecorderFacts): void {
    databaseUp.at().value = Number(facts.isDatabaseUp);
    running.at().value = Number(facts.isRunner);
    imbalances.at().value = facts.imbalanced;
    for (const stream of recordedStreams) {
      recorded.at(stream).value = facts.written[stream];
      skipped.at(stream).value = facts.skipped[stream];
      const lag = facts.lag[stream];
      if (lag === undefined) continue;
      batches.at(stream).value = lag.batches;
      age.at(stream).value = lag.oldestAgeMs / 1000;
    }
  }
  const gauges = [databaseUp, running, batches, age, recorded, skipped, imbalances];
  return (source: IngressSources['recorder']): void => feed.add({ gauges, source, apply });
}
