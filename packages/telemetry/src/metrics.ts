import type { ErrorCode } from '@sluice/protocol';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { createExposer, type Exposition, type ExpositionFormat } from './exposition.ts';
import { createGaugeFeed, type Source } from './gauge-feed.ts';
import { createInstruments, type Instruments } from './instruments.ts';
import type { AttemptOutcome, DropReason, Outcome, RefusalReason } from './label-values.ts';
import { metricTable } from './metric-names.ts';
import type { Service } from './metric-row.ts';
import { recordIngress } from './record-ingress.ts';
import { recordWorker } from './record-worker.ts';

/** The bounds of the labels. A value outside of them is counted as `other`. */
export interface MetricsOptions {
  /** Ids of the model entries as configured, globs too: report the entry that matched, not what the client wrote. */
  readonly models: readonly string[];
  readonly upstreams: readonly string[];
  /** The targets that have a circuit: `upstream/model`. Default none. */
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
  streamResumed(outcome: Outcome): void;
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
  /** Number of workers. */
  readonly workers?: Source<number>;
  readonly redisMemory?: Source<{ readonly usedBytes: number; readonly limitBytes: number }>;
}

/** Asked at each scrape. While one fails or takes over a second, its gauges are absent. */
export interface WorkerSources {
  readonly credentials?: Source<
    readonly { readonly upstream: string; readonly ready: number; readonly cooling: number }[]
  >;
  readonly circuits?: Source<readonly { readonly target: string; readonly isOpen: boolean }[]>;
  readonly pools?: Source<readonly { readonly upstream: string; readonly open: number; readonly waiting: number }[]>;
  /** Requests that the worker works on at once, at most. */
  readonly concurrency?: Source<number>;
}

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
