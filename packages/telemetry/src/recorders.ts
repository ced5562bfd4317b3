import type { ErrorCode } from '@sluice/protocol';
import type { Exposition, ExpositionFormat } from './exposition.ts';
import type { Source } from './gauge-feed.ts';
import type { AttemptOutcome, DropReason, Outcome, RecordedStream, RefusalReason } from './label-values.ts';

/** Metrics that both services record. The methods never throw, and those for chunks or batches allocate nothing. */
export interface SharedMetrics {
  redisUp(isUp: boolean): void;
  /** Counts a batch of frames from the mailbox; `lagMs` is its age, absent if its writer gave no time. */
  relayRead(frameCount: number, lagMs?: number): void;
  /** Counts records that were dropped before the database had them; 0 at the start, since an alert needs a series. */
  outboxShed(stream: RecordedStream, count: number): void;
  /** Renders the metrics for one scrape, by default as Prometheus text: queries the sources, one second at most. */
  render(format?: ExpositionFormat): Promise<Exposition>;
}

/** Result of a chat request; recorded once, after its end. */
export interface FinishedRequest {
  readonly model?: string | undefined;
  readonly upstream?: string | undefined;
  readonly stream: boolean;
  readonly outcome: Outcome;
  readonly status: number;
  /** Error code that the client received, as status or inside the stream. */
  readonly code?: ErrorCode | undefined;
  readonly durationMs: number;
  readonly ttftMs?: number | undefined;
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
  /** Name of the client key. */
  readonly key?: string | undefined;
  /** Id of a recorded trace: the exemplar of the duration and of the time to first token. */
  readonly traceId?: string | undefined;
}

/** Metrics that only an ingress records. */
export interface IngressMetrics extends SharedMetrics {
  requestFinished(request: FinishedRequest): void;
  streamOpened(): void;
  streamClosed(): void;
  clientAborted(): void;
  clientTooSlow(): void;
  /** Records the wait for a lease. `traceId`, here and below: id of a recorded trace, as exemplar of this wait. */
  admitted(waitMs: number, traceId?: string): void;
  /** Adds the cost of a request. `key` is the name of the client key. */
  keySpent(key: string, costMicros: number): void;
  /** Counts a refusal. `key` is the name of the client key. */
  refused(reason: ErrorCode, key?: string): void;
  /** Records the time from the submission of the job to the frame `started`, both on this process's clock. */
  queueWaited(waitMs: number, traceId?: string): void;
  /** Counts a resubmission. `reason` is the error of the previous run. */
  resubmitted(reason: ErrorCode): void;
  /** Counts a resumed answer; `outcome` is its end. */
  streamResumed(outcome: Outcome): void;
  /** Counts a frame without a waiting request. */
  relayDropped(reason: DropReason): void;
  /** Counts a lost frame of a request. */
  relayGap(): void;
  /** Sets the sources of gauges that are not counted here. */
  watch(sources: IngressSources): void;
}

/** Tokens of a call in disjoint classes. */
export interface BilledTokens {
  readonly fresh: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly output: number;
  readonly reasoning: number;
}

/** Metrics that only a worker records. */
export interface WorkerMetrics extends SharedMetrics {
  jobStarted(): void;
  jobEnded(): void;
  jobRefused(reason: RefusalReason): void;
  /** Adds a time in which the worker took no jobs because its event loop lagged. */
  intakeStopped(forMs: number): void;
  attemptEnded(upstream: string, outcome: AttemptOutcome): void;
  /** Records a gap between chunks. Only long gaps get an exemplar: there is a gap per chunk, most of them usual. */
  chunkGap(upstream: string, gapMs: number, traceId?: string): void;
  /** Counts a retry. `upstream` is the one that failed. */
  retried(upstream: string, reason: ErrorCode): void;
  /** Counts a query of an upstream for its models. */
  modelsAsked(upstream: string, outcome: AttemptOutcome): void;
  /** Counts the approximate tokens that a failed attempt had sent. */
  tokensBurnt(upstream: string, tokens: number): void;
  credentialCooledDown(upstream: string, reason: ErrorCode): void;
  /** Adds the cost of a call. `model` is the configured entry of the model that the client named. */
  spent(upstream: string, model: string, costMicros: number): void;
  /** Counts the tokens of a call, by disjoint class. */
  tokensBilled(upstream: string, tokens: BilledTokens): void;
  /** Counts a call for which the provider reports another cost than ours. */
  costDiffers(upstream: string): void;
  /** Counts a call of a model without a price. */
  unpriced(upstream: string): void;
  /** Sets the sources of gauges that are not counted here. */
  watch(sources: WorkerSources): void;
}

/** Sources queried at each scrape. While one fails or takes over a second, its gauges are absent. */
export interface IngressSources {
  readonly leases?: Source<{
    readonly inUse: number;
    readonly limit: number;
    readonly waiting: number;
    readonly longestWaitMs: number;
  }>;
  readonly queueJobs?: Source<readonly { readonly queue: string; readonly state: string; readonly count: number }[]>;
  /** Number of workers. */
  readonly workers?: Source<number>;
  readonly redisMemory?: Source<{ readonly usedBytes: number; readonly limitBytes: number }>;
  readonly recorder?: Source<RecorderFacts>;
}

/** The recorder of an ingress. Counts are from the start of the process. */
export interface RecorderFacts {
  readonly isRunner: boolean;
  readonly isDatabaseUp: boolean;
  /** Absent while Redis is away. */
  readonly lag: Readonly<Partial<Record<RecordedStream, { readonly batches: number; readonly oldestAgeMs: number }>>>;
  readonly written: Readonly<Record<RecordedStream, number>>;
  readonly skipped: Readonly<Record<RecordedStream, number>>;
  readonly imbalanced: number;
}

/** Sources queried at each scrape. While one fails or takes over a second, its gauges are absent. */
export interface WorkerSources {
  readonly credentials?: Source<
    readonly { readonly upstream: string; readonly ready: number; readonly cooling: number }[]
  >;
  readonly circuits?: Source<readonly { readonly target: string; readonly isOpen: boolean }[]>;
  readonly pools?: Source<readonly { readonly upstream: string; readonly open: number; readonly waiting: number }[]>;
  /** Maximum of parallel requests of the worker. */
  readonly concurrency?: Source<number>;
}
