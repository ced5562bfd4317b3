/**
 * The intake of a worker: its taking of jobs. It stops while the event loop lags, so that a worker with time gets the jobs,
 * and the streams that the worker has are not slowed further. A worker without a run takes jobs in any case, and a stopped
 * intake opens for a trial after a second: the worker may be the only one, and others may cause its lag.
 */
export type IntakeState =
  | { readonly kind: 'open' }
  | {
      readonly kind: 'stopped';
      /** Time for which it has been stopped, in ms. */
      readonly forMs: number;
      /** Number of samples without lag since the last one with it. */
      readonly calmSamples: number;
    };

export type IntakeEvent =
  | {
      readonly kind: 'sampled';
      /** Delay of a timer, in ms. */
      readonly lagMs: number;
      /** Time since the last sample, in ms. */
      readonly sinceMs: number;
    }
  /** The last run of the worker has ended. */
  | { readonly kind: 'idle' };

export interface IntakeStep {
  readonly state: IntakeState;
  readonly command?: 'stop' | 'open';
}

/** Lag (ms) that stops the intake. It is far below the 2 s after which other processes miss the worker's beats. */
const longestLagMs = 200;
/** Lag (ms) of a calm sample. */
const calmLagMs = 100;
/** Number of calm samples in a row that open the intake again: between two pauses the process may run for a moment. */
const calmSamplesToOpen = 3;
/** Time (ms) after which it opens for a trial. */
const longestStopMs = 1000;

export const openIntake: IntakeState = { kind: 'open' };

export function stepIntake(state: IntakeState, event: IntakeEvent): IntakeStep {
  if (state.kind === 'open') {
    const isLate = event.kind === 'sampled' && event.lagMs >= longestLagMs;
    return isLate ? { state: { kind: 'stopped', forMs: 0, calmSamples: 0 }, command: 'stop' } : { state };
  }
  if (event.kind === 'idle') return { state: openIntake, command: 'open' };
  const forMs = state.forMs + event.sinceMs;
  const calmSamples = event.lagMs < calmLagMs ? state.calmSamples + 1 : 0;
  const isOver = calmSamples >= calmSamplesToOpen || forMs >= longestStopMs;
  return isOver ? { state: openIntake, command: 'open' } : { state: { kind: 'stopped', forMs, calmSamples } };
}
