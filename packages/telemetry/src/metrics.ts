import type { ErrorCode } from '@sluice/protocol';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { createExposer, type Exposition, type ExpositionFormat } from './exposition.ts';
import { createGaugeFeed, type GaugeFeed, type Source } from './gauge-feed.ts';
import { createInstruments, type Instruments } from './instruments.ts';
import type { AttemptOutcome, DropReason, Outcome, RefusalReason } from './label-values.ts';
import { metricTable, type Service } from './metric-names.ts';

/** The bounds of the labels. A value outside of them is counted as `other`. */
export interface MetricsOptions {
  /** Ids of the model entries as configured, globs too: report the entry that matched, not what the client wrote. */
  readonly models: readonly string[];
  readonly upstreams: readonly string[];
  /** The targets that have a breaker: `upstream/model`. Default none. */
  readonly targets?: readonly string[];
  /** Default `chat` alone. */
  readonly queues?: readonly string[];
  /** Names of client keys. Default none. */
  readonly keys?: readonly string[];
}

/** Metrics that both services record. No method throws, and none of those for single chunks or batches allocates. */
export interface SharedMetrics {
  redisUp(isUp: boolean): void;
  /** A batch of frames came out of the mailbox; `lagMs` is its age, absent where its writer gave no time. */
  relayRead(frameCount: number, lagMs?: number): void;
  /** The text for one scrape, by default Prometheus text: asks the watched sources, one second at most. */
  render(format?: ExpositionFormat): Promise<Exposition>;
}

/** The way a chat request ended; recorded once, when nothing more follows. */
export interface FinishedRequest {
  readonly model?: string | undefined;
  readonly upstream?: string | undefined;
  readonly stream: boolean;
  readonly outcome: Outcome;
  readonly status: number;
  /** The code that the client was told, as status or inside the stream. */
  readonly code?: ErrorCode | undefined;
  readonly durationMs: number;
  readonly ttftMs?: number | undefined;
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
  /** Name of the client key. */
  readonly key?: string | undefined;
  /** Of a trace that is recorded: the example of its duration and its time to the first token. */
  readonly traceId?: string | undefined;
}

/** The metrics that an ingress records in addition. */
export interface IngressMetrics extends SharedMetrics {
  requestFinished(request: FinishedRequest): void;
  streamOpened(): void;
  streamClosed(): void;
  clientAborted(): void;
  clientTooSlow(): void;
  /** `traceId`, here and below: of a trace that is recorded, as an example of this wait. */
  admitted(waitMs: number, traceId?: string): void;
  /** `key` is the name of the client key. */
  refused(reason: ErrorCode, key?: string): void;
  /** From handing over the job to the frame `started`, both on this process's clock. */
  queueWaited(waitMs: number, traceId?: string): void;
  /** `reason` is the error of the run before. */
  resubmitted(reason: ErrorCode): void;
  /** An answer that broke off was continued; `outcome` is how it ended. */
  streamRescued(outcome: Outcome): void;
  /** A frame was read that nobody was waiting for. */
  relayDropped(reason: DropReason): void;
  /** A frame of a request was lost on the way. */
  relayGap(): void;
  /** Sets the sources of gauges that are not counted here. */
  watch(sources: IngressSources): void;
}

/** The metrics that a worker records in addition. */
export interface WorkerMetrics extends SharedMetrics {
  jobStarted(): void;
  jobEnded(): void;
  jobRefused(reason: RefusalReason): void;
  attemptEnded(upstream: string, outcome: AttemptOutcome): void;
  /** Only long gaps become examples: nobody looks for the trace of a usual one, and there is one for each chunk. */
  chunkGap(upstream: string, gapMs: number, traceId?: string): void;
  /** `upstream` is the one that failed. */
  retried(upstream: string, reason: ErrorCode): void;
  /** An upstream was asked which models it has. */
  modelsAsked(upstream: string, outcome: AttemptOutcome): void;
  /** A call that failed had sent so many tokens before, about. */
  tokensBurnt(upstream: string, tokens: number): void;
  credentialCooledDown(upstream: string, reason: ErrorCode): void;
  /** Sets the sources of gauges that are not counted here. */
  watch(sources: WorkerSources): void;
}

/** Asked at each scrape. While one fails or takes over a second, its gauges are absent. */
export interface IngressSources {
  readonly slots?: Source<{
    readonly inUse: number;
    readonly limit: number;
    readonly waiting: number;
    readonly longestWaitMs: number;
  }>;
  readonly queueJobs?: Source<readonly { readonly queue: string; readonly state: string; readonly count: number }[]>;
  /** How many there are. */
  readonly workers?: Source<number>;
  readonly redisMemory?: Source<{ readonly usedBytes: number; readonly limitBytes: number }>;
}

/** Asked at each scrape. While one fails or takes over a second, its gauges are absent. */
export interface WorkerSources {
  readonly credentials?: Source<
    readonly { readonly upstream: string; readonly ready: number; readonly cooling: number }[]
  >;
  readonly breakers?: Source<readonly { readonly target: string; readonly isOpen: boolean }[]>;
  readonly pools?: Source<readonly { readonly upstream: string; readonly open: number; readonly waiting: number }[]>;
  /** Requests that the worker works on at once, at most. */
  readonly concurrency?: Source<number>;
}

/** A gap between two chunks from which on its trace is worth a look. */
const longGapMs = 250;

/** A registry with the metrics of one service and those of its process, event-loop lag included. */
export function createMetrics(options: MetricsOptions & { readonly service: 'ingress' }): IngressMetrics;
export function createMetrics(options: MetricsOptions & { readonly service: 'worker' }): WorkerMetrics;
export function createMetrics(options: MetricsOptions & { readonly service: Service }): IngressMetrics | WorkerMetrics {
  const { models, upstreams, targets = [], queues = ['chat'], keys = [] } = options;
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
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
  return {
    redisUp: (isUp) => void (redisUp.value = isUp ? 1 : 0),
    relayRead(frameCount, lagMs) {
      frames.value += frameCount;
      if (lagMs !== undefined) lag.observe(lagMs / 1000);
    },
  };
}

function recordIngress(instruments: Instruments, feed: GaugeFeed): Omit<IngressMetrics, keyof SharedMetrics> {
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
  const slotsInUse = gauge(metricTable.slotsInUse);
  const slotsLimit = gauge(metricTable.slotsLimit);
  const waiting = gauge(metricTable.waitingRequests);
  const longestWait = gauge(metricTable.longestWait);
  const queueWait = histogram(metricTable.queueWait).at();
  const resubmissions = counter(metricTable.resubmissions);
  const queueJobs = gauge(metricTable.queueJobs);
  const rescues = counter(metricTable.rescues);
  const workers = gauge(metricTable.workers);
  const memoryUsed = gauge(metricTable.redisMemoryUsed);
  const memoryLimit = gauge(metricTable.redisMemoryLimit);
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
    refused: (reason, key) => void refusals.at(reason, key).value++,
    queueWaited: (waitMs, traceId) => queueWait.observe(waitMs / 1000, traceId),
    resubmitted: (reason) => void resubmissions.at(reason).value++,
    streamRescued: (outcome) => void rescues.at(outcome).value++,
    relayDropped: (reason) => void dropped.at(reason).value++,
    relayGap: () => void gaps.value++,
    watch(sources) {
      feed.add({
        gauges: [slotsInUse, slotsLimit, waiting, longestWait],
        source: sources.slots,
        apply(slots) {
          slotsInUse.at().value = slots.inUse;
          slotsLimit.at().value = slots.limit;
          waiting.at().value = slots.waiting;
          longestWait.at().value = slots.longestWaitMs / 1000;
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
    },
  };
}

function recordWorker(instruments: Instruments, feed: GaugeFeed): Omit<WorkerMetrics, keyof SharedMetrics> {
  const { counter, gauge, histogram } = instruments;
  const activeJobs = gauge(metricTable.activeJobs).at();
  const refused = counter(metricTable.jobsRefused);
  const attempts = counter(metricTable.upstreamAttempts);
  const chunkGap = histogram(metricTable.upstreamChunkGap);
  const retries = counter(metricTable.retries);
  const credentials = gauge(metricTable.credentials);
  const modelsAsked = counter(metricTable.modelsAsked);
  const burnt = counter(metricTable.burntTokens);
  const cooldowns = counter(metricTable.credentialCooldowns);
  const breakerOpen = gauge(metricTable.breakerOpen);
  const connections = gauge(metricTable.upstreamConnections);
  const waitingCalls = gauge(metricTable.upstreamWaitingCalls);
  const concurrency = gauge(metricTable.workerConcurrency);

  return {
    jobStarted: () => void activeJobs.value++,
    jobEnded: () => void activeJobs.value--,
    jobRefused: (reason) => void refused.at(reason).value++,
    attemptEnded: (upstream, outcome) => void attempts.at(upstream, outcome).value++,
    chunkGap: (upstream, gapMs, traceId) =>
      chunkGap.at(upstream).observe(gapMs / 1000, gapMs < longGapMs ? undefined : traceId),
    retried: (upstream, reason) => void retries.at(upstream, reason).value++,
    modelsAsked: (upstream, outcome) => void modelsAsked.at(upstream, outcome).value++,
    tokensBurnt(upstream, tokens) {
      if (tokens > 0) burnt.at(upstream).value += tokens;
    },
    credentialCooledDown: (upstream, reason) => void cooldowns.at(upstream, reason).value++,
    watch(sources) {
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
        gauges: [breakerOpen],
        source: sources.breakers,
        apply(breakers) {
          for (const { target, isOpen } of breakers) {
            // Not added up: two models may share a target.
            const cell = breakerOpen.at(target);
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
    },
  };
}

function statusClassOf(status: number): string {
  return `${Math.floor(status / 100)}xx`;
}
