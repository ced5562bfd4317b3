import { recordedStreams } from '../label-values.ts';
import type { MetricRow } from '../metric-row.ts';
import { ingress } from './services.ts';

/** Metrics of the way of records into the database; absent without one. */
export const recordMetrics = {
  databaseUp: {
    name: 'sluice_database_up',
    kind: 'gauge',
    services: ingress,
    labels: {},
    help: '1 while the recorder of this ingress reaches the database.',
  },
  recorderRunning: {
    name: 'sluice_recorder_running',
    kind: 'gauge',
    services: ingress,
    labels: {},
    help: '1 in the ingress whose recorder writes the records of the fleet; the sum is 1.',
  },
  outboxBatches: {
    name: 'sluice_outbox_batches',
    kind: 'gauge',
    services: ingress,
    labels: { stream: recordedStreams },
    help: 'Batches of entries in Redis that wait for the database; every replica reports the same, so take max(), not sum().',
  },
  outboxAge: {
    name: 'sluice_outbox_age_seconds',
    kind: 'gauge',
    services: ingress,
    labels: { stream: recordedStreams },
    help: 'Age of the oldest of these batches, 0 if none waits; every replica reports the same, so take max(), not sum().',
  },
  recordedEntries: {
    name: 'sluice_recorded_entries_total',
    kind: 'counter',
    services: ingress,
    labels: { stream: recordedStreams },
    help: 'Entries that the recorder of this ingress wrote into the database.',
  },
  skippedEntries: {
    name: 'sluice_skipped_entries_total',
    kind: 'counter',
    services: ingress,
    labels: { stream: recordedStreams },
    help: 'Entries that the database refused; the table skipped_entries has them.',
  },
  ledgerImbalances: {
    name: 'sluice_ledger_imbalances_total',
    kind: 'counter',
    services: ingress,
    labels: {},
    help: 'Requests whose cost is not the sum of the costs of their attempts, although nothing of it is estimated.',
  },
} as const satisfies Record<string, MetricRow>;
