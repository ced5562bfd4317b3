import type { ChatJob } from '@sluice/protocol';
import type { Claim } from '@sluice/queue';
import type { MailboxWriter } from '@sluice/relay';
import type { Logger, WorkerMetrics } from '@sluice/telemetry';
import type { RunNeeds } from '../run/progress.ts';
import type { ActiveRuns } from './active-runs.ts';
import type { RunMemory } from './run-memory.ts';

/** The dependencies of a job from its claim to its last frame. */
export interface RunJobNeeds extends RunNeeds {
  readonly workerId: string;
  /** Claims the run for this worker alone, if it is still wanted. */
  readonly claim: (job: ChatJob) => Promise<Claim>;
  /** Removes the stored data of a request that will not run again. */
  readonly forget: (job: ChatJob) => void;
  readonly runs: ActiveRuns;
  readonly memory: RunMemory;
  readonly writer: MailboxWriter;
  readonly metrics: WorkerMetrics;
  readonly logger: Logger;
  /** Logs, at a limited rate, the reason for refusing a job that no ingress of this fleet wrote. */
  readonly onRefused: (error: Error) => void;
  readonly watchIngress: (ingressId: string) => void;
  readonly unwatchIngress: (ingressId: string) => void;
}
