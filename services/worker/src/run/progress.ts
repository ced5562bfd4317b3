import type { Config } from '@sluice/config';
import type { End, RetryState } from '@sluice/protocol';
import type { WorkerMetrics } from '@sluice/telemetry';
import type { ImageFetcher } from '@sluice/upstream';
import type { Answer, Opening } from '../answer/answer.ts';
import type { AttemptMemory, MakeAttempt } from '../attempt.ts';
import type { RunLogger } from '../attempt/log-attempt.ts';
import type { TargetsOf } from '../targets/targets.ts';
import type { ClaimedRun } from './claimed-run.ts';
import type { JudgeNeeds } from './judge.ts';
import type { Candidate, Plan } from './plan.ts';
import type { Tally } from './tally.ts';

export interface RunNeeds extends JudgeNeeds {
  readonly targetsOf: TargetsOf;
  readonly makeAttempt: MakeAttempt;
  readonly images: Pick<ImageFetcher, 'fetch'>;
  readonly metrics: Pick<WorkerMetrics, 'retried' | 'credentialCooledDown'>;
  readonly timeouts: Pick<Config['timeouts'], 'wholeAttemptMs'>;
  readonly logger: RunLogger;
  readonly onError: (error: unknown) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** The state of a run between two attempts. */
export interface RunProgress {
  readonly claimedRun: ClaimedRun;
  readonly plan: Plan;
  readonly tally: Tally;
  readonly answer: Answer;
  readonly memory: AttemptMemory;
  state: RetryState;
  /** The candidate to try again with a renewed access token. */
  again: Candidate | undefined;
  /** Set while the next attempt extends an answer that met its length limit; a failed extension leaves it unchanged. */
  extended: { readonly candidate: Candidate; readonly end: End } | undefined;
}

/** The next attempt of a run. */
export interface NextAttempt {
  readonly candidate: Candidate;
  readonly opening: Opening;
  /** Number of this attempt within its request; the first is 1. */
  readonly number: number;
}
