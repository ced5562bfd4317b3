import type { Answered, ChatJob } from '@sluice/protocol';

/** A run whose worker has not reported its end: it was killed, or its frames are lost. */
export interface LostRun {
  readonly job: Pick<ChatJob, 'requestId' | 'epoch' | 'operation' | 'model'>;
  /** The worker's report on its latest attempt; undefined if none has arrived. */
  readonly answered: Answered | undefined;
  /** Chunks of the answer that have arrived. */
  readonly events: number;
  /** Those of them that have reasoning alone. */
  readonly reasoningEvents: number;
  /** The client's request. */
  readonly body: Buffer;
  /** Start of the run in ms since 1970. */
  readonly startedAtMs: number;
}

/** Settles the attempt of a lost run by what has arrived. Returns its cost in micro-dollars. */
export type AccountLost = (lost: LostRun) => number;
