import { objective } from './objective.ts';

/** An alert. It fires when the comparison of `value` with `bound` holds for the duration `for`. */
export interface Alert {
  readonly name: string;
  readonly severity: 'critical' | 'warning';
  /** The watched quantity. Tests also read it on a healthy fleet. */
  readonly value: string;
  /** Comparison, as in `> 0.8`. */
  readonly bound: string;
  /** A second condition that must hold as well. */
  readonly and?: string;
  readonly for: string;
  readonly summary: string;
  readonly description: string;
  /** Page in docs/runbooks, without `.md`. */
  readonly runbook: string;
}

/** A multi-window, multi-burn-rate alert: the short window shows that the burning has not stopped. */
const burn = (rate: number, window: string): string =>
  `sluice:bad_requests:ratio_rate${window} > ${Math.round(rate * objective.budget * 1e6) / 1e6}`;

/** Each fleet by its namespace, with the value 0: the sum of the losses of a fleet that has lost nothing. */
const noLosses = '0 * max by (namespace) (last_over_time(sluice_workers[10m]))';
const lost = 'sluice_resubmissions_total{reason="worker_lost"}';
const lostIn10m = `(sum by (namespace) (increase(${lost}[10m])) or ${noLosses})`;
/** `increase` does not see the first value of a new counter, so a series that did not exist before counts with its value. */
const firstLosses = `(sum by (namespace) (${lost} unless ${lost} offset 10m) or ${noLosses})`;

const seen = 'last_over_time(sluice_open_streams[6h])';
/** The number of scraped ingresses: 0 for a fleet that had some in the last six hours, and for a Prometheus that saw none at all. */
const ingresses = `(count by (namespace) (sluice_open_streams) or 0 * count by (namespace) (${seen}) or 0 * absent(${seen}))`;

/**
 * All alerts. Each fleet has its own, if the metrics have the label `namespace`, as those of the Prometheus operator do.
 * Metrics without it count as one fleet.
 */
export const alerts: readonly Alert[] = [
  {
    name: 'SluiceErrorBudgetBurnsFast',
    severity: 'critical',
    value: 'sluice:bad_requests:ratio_rate1h',
    bound: `> ${Math.round(14.4 * objective.budget * 1e6) / 1e6}`,
    and: burn(14.4, '5m'),
    for: '2m',
    summary: 'At this rate the error budget of a month is spent in two days',
    description: '{{ $value | humanizePercentage }} of requests fail for reasons other than their client.',
    runbook: 'error-budget-burn',
  },
  {
    name: 'SluiceErrorBudgetBurnsSlowly',
    severity: 'warning',
    value: 'sluice:bad_requests:ratio_rate6h',
    bound: `> ${Math.round(6 * objective.budget * 1e6) / 1e6}`,
    and: burn(6, '30m'),
    for: '15m',
    summary: 'At this rate the error budget of a month is spent in five days',
    description: '{{ $value | humanizePercentage }} of requests fail for reasons other than their client.',
    runbook: 'error-budget-burn',
  },
  {
    name: 'SluiceQueueWaitLong',
    severity: 'warning',
    value: 'histogram_quantile(0.95, sum by (namespace, le) (rate(sluice_queue_wait_seconds_bucket[5m])))',
    bound: '> 1',
    for: '5m',
    summary: 'Requests wait long for a worker',
    description: 'One request in twenty waits {{ $value | humanizeDuration }} or more between the queue and a worker.',
    runbook: 'queue-wait',
  },
  {
    name: 'SluiceOldestWaiterOld',
    severity: 'warning',
    value: 'max by (namespace) (sluice_longest_wait_seconds)',
    bound: '> 15',
    for: '1m',
    summary: 'A request has waited for a lease for half of the maximum wait',
    description: 'The oldest waiter waits for {{ $value | humanizeDuration }}.',
    runbook: 'oldest-waiter',
  },
  {
    name: 'SluiceCredentialPoolDry',
    severity: 'critical',
    value: 'max by (namespace, upstream) (sluice_credentials{state="ready"})',
    bound: '== 0',
    for: '1m',
    summary: 'An upstream has no usable credential',
    description: 'All credentials of {{ $labels.upstream }} are in cooldown. Requests to it wait or fail.',
    runbook: 'dry-credential-pool',
  },
  {
    name: 'SluiceCircuitOpen',
    severity: 'warning',
    value: 'max by (namespace, target) (sluice_circuit_open)',
    bound: '== 1',
    for: '1m',
    summary: 'A target keeps failing and gets no requests',
    description: 'The circuit of {{ $labels.target }} is open. Other targets, if there are any, take its requests.',
    runbook: 'open-circuit',
  },
  {
    name: 'SluiceWorkersLost',
    severity: 'warning',
    value: `${lostIn10m} + ${firstLosses}`,
    bound: '> 0',
    for: '0m',
    summary: 'Workers died while they were running requests',
    description: 'About {{ $value | humanize }} runs were lost with their worker within ten minutes.',
    runbook: 'workers-lost',
  },
  {
    name: 'SluiceNoWorkers',
    severity: 'critical',
    value: 'max by (namespace) (sluice_workers)',
    bound: '== 0',
    for: '1m',
    summary: 'No worker is alive',
    description: 'Ingresses accept requests, but no worker runs them.',
    runbook: 'workers-lost',
  },
  {
    name: 'SluiceAbsent',
    severity: 'critical',
    value: ingresses,
    bound: '== 0',
    for: '2m',
    summary: 'Prometheus sees no ingress',
    description: 'No ingress reports metrics: all have stopped, or Prometheus does not reach them.',
    runbook: 'absent',
  },
  {
    name: 'SluiceRelayLagHigh',
    severity: 'warning',
    value:
      'histogram_quantile(0.99, sum by (namespace, job, instance, le) (rate(sluice_relay_lag_seconds_bucket[5m])))',
    bound: '> 0.25',
    for: '5m',
    summary: 'Frames are slow on their way through Redis',
    description:
      'One batch of frames in a hundred takes {{ $value | humanizeDuration }} or more to {{ $labels.instance }}.',
    runbook: 'relay-lag',
  },
  {
    name: 'SluiceRedisMemoryFull',
    severity: 'critical',
    value:
      'max by (namespace) (sluice_redis_memory_used_bytes) / (max by (namespace) (sluice_redis_memory_limit_bytes) > 0)',
    bound: '> 0.8',
    for: '5m',
    summary: 'Redis has almost no memory left',
    description:
      '{{ $value | humanizePercentage }} of its maxmemory is used. At 100 % it refuses writes, and requests get 503.',
    runbook: 'redis-memory',
  },
  {
    name: 'SluiceRedisAway',
    severity: 'critical',
    value: 'min by (namespace, job, instance) (sluice_redis_up)',
    bound: '== 0',
    for: '1m',
    summary: 'A replica does not reach Redis',
    description: '{{ $labels.instance }} is not ready. If no replica is ready, requests get 503.',
    runbook: 'redis-away',
  },
  {
    name: 'SluiceOutboxLags',
    severity: 'warning',
    value: 'max by (namespace, stream) (sluice_outbox_age_seconds)',
    bound: '> 60',
    for: '2m',
    summary: 'Records wait for the database',
    description:
      'The oldest entry of {{ $labels.stream }} waits for {{ $value | humanizeDuration }}. Requests are not affected; what waits takes memory of Redis.',
    runbook: 'outbox-lag',
  },
  {
    name: 'SluiceRecorderAbsent',
    severity: 'warning',
    value: 'max by (namespace) (sluice_recorder_running)',
    bound: '== 0',
    for: '2m',
    summary: 'No recorder writes to the database',
    description:
      'Entries of requests wait in Redis: no ingress reaches the database, or it belongs to a newer version.',
    runbook: 'outbox-lag',
  },
  {
    name: 'SluiceRecordsShed',
    severity: 'warning',
    value: 'sum by (namespace, stream) (increase(sluice_outbox_shed_total[10m]))',
    bound: '> 0',
    for: '0m',
    summary: 'Records are dropped before the database has them',
    description:
      '{{ $value | humanize }} times within ten minutes, records of {{ $labels.stream }} found no room while the database or Redis is away.',
    runbook: 'outbox-lag',
  },
  {
    name: 'SluiceBudgetSpent',
    severity: 'warning',
    value: 'sum by (namespace, key) (increase(sluice_admission_refusals_total{reason="insufficient_quota"}[10m]))',
    bound: '> 0',
    for: '0m',
    summary: 'A budget is spent',
    description:
      '{{ $value | humanize }} requests of the client key {{ $labels.key }} were refused within ten minutes, because its budget or that of its team is spent.',
    runbook: 'budget-spent',
  },
  {
    name: 'SluiceEntriesSkipped',
    severity: 'warning',
    value: 'sum by (namespace) (increase(sluice_skipped_entries_total[10m]))',
    bound: '> 0',
    for: '0m',
    summary: 'The database refuses entries of the records',
    description:
      '{{ $value | humanize }} entries went to the table skipped_entries instead of their own within ten minutes.',
    runbook: 'ledger-imbalance',
  },
  {
    name: 'SluiceLedgerImbalance',
    severity: 'warning',
    value: 'sum by (namespace) (increase(sluice_ledger_imbalances_total[10m]))',
    bound: '> 0',
    for: '0m',
    summary: 'Costs of requests differ from those of their attempts',
    description:
      '{{ $value | humanize }} requests cost something else than their attempts together within ten minutes.',
    runbook: 'ledger-imbalance',
  },
  {
    name: 'SluiceEventLoopSlow',
    severity: 'warning',
    value:
      'max by (namespace, job, instance) (nodejs_eventloop_lag_p99_seconds and on (namespace, job, instance) sluice_redis_up)',
    bound: '> 0.1',
    for: '5m',
    summary: 'A process is overloaded',
    description: 'The event loop of {{ $labels.instance }} lags by {{ $value | humanizeDuration }}.',
    runbook: 'event-loop',
  },
];

/** Returns the whole condition of an alert. */
export const conditionOf = ({ value, bound, and }: Alert): string =>
  and === undefined ? `${value} ${bound}` : `${value} ${bound} and ${and}`;
