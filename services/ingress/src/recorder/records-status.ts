import type { FleetStatus } from '../fleet-status.ts';
import type { RecorderState, StreamLag } from './recorder-state.ts';

/** Returns the database's part of `/status`. Before the recorder has told its state, the database counts as unreachable. */
export function recordsStatus(state: RecorderState | undefined): Pick<FleetStatus, 'database' | 'outbox'> {
  const database = {
    status: state?.isDatabaseUp === true ? ('ok' as const) : ('unreachable' as const),
    answer_ms: state?.databaseAnswerMs ?? null,
  };
  const { ledger, attempts, logs, bodies } = state?.lag ?? {};
  // While Redis is away nothing is known of the outboxes.
  if (ledger === undefined || attempts === undefined || logs === undefined || bodies === undefined) return { database };
  return {
    database,
    outbox: {
      ledger: streamOf(ledger),
      attempts: streamOf(attempts),
      logs: streamOf(logs),
      bodies: streamOf(bodies),
    },
  };
}

const streamOf = ({ batches, oldestAgeMs }: StreamLag) => ({
  batches,
  oldest_ms: batches === 0 ? null : Math.round(oldestAgeMs),
});
