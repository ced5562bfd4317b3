import type { Config } from '@sluice/config';
import type { End, RetryState } from '@sluice/protocol';
import type { WorkerMetrics } from '@sluice/telemetry';
import type { ImageFetcher } from '@sluice/upstream';
import type { Answer, Opening } from '../answer/answer.ts';
import type { Execution } from './claimed-run.ts';
import type { JudgeNeeds } from './judge.ts';
import type { RunLogger } from '../attempt/log-attempt.ts';
import type { MakeAttempt, AttemptMemory } from '../attempt.ts';
import type { Candidate, Plan } from './plan.ts';
import type { Tally } from './tally.ts';
import type { TargetsOf } from '../targets/targets.ts';

export interface RunNeeds extends JudgeNeeds {
  readonly targetsOf: TargetsOf;
  readonly makeAttempt: MakeAttempt;
  readonly images: Pick<ImageFetcher, 'fetch'>;
  readonly metrics: Pick<WorkerMetrics, 'retried' | 'credentialCooledDown'>;
  readonly timeouts: Pick<Config['timeouts'], 'wholeAttemptMs'>;
  readonly logger: RunLogger;
  readonly onError: (error: unknown) => void;
}

/** The state of a run between two attempts. */
export interface Course {
  readonly execution: Execution;
  readonly plan: Plan;
  readonly tally: Tally;
  readonly answer: Answer;
  readonly memory: AttemptMemory;
  state: RetryState;
  /** Upstream events that were passed on. */
  events: number;
  /** The same credential once more, with another access token. */
  again: Candidate | undefined;
  /** The answer has met its limit and is to be lengthened; an attempt that fails leaves it as it is. */
  extended: { readonly candidate: Candidate; readonly end: End } | undefined;
}

/** The next attempt. */
export interface Turn {
  readonly candidate: Candidate;
  readonly opening: Opening;
  readonly number: number;
}
