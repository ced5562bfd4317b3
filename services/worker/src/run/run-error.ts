import type { Tally } from './tally.ts';

/** An unexpected error in the middle of a run, with what the run has counted until then. */
export class RunError extends Error {
  readonly tally: Pick<Tally, 'calls' | 'events' | 'costMicros' | 'isEstimated'>;

  constructor(cause: unknown, tally: RunError['tally']) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = 'RunError';
    this.tally = tally;
  }
}
