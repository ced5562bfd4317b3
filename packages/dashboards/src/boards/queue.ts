import { type Board, greenUntil, now, prom, quantiles, rateBy, type Row } from '../board.ts';

const utilisation = 'sum(sluice_worker_active_jobs) / sum(sluice_worker_concurrency)';

const glance: Row = {
  title: 'At a glance',
  panels: [
    {
      title: 'Leases in use',
      description: 'Share of limits.max_concurrent_requests. At 100 % new requests wait.',
      kind: 'number',
      width: 6,
      unit: 'percentunit',
      queries: [prom('max(sluice_leases_in_use) / max(sluice_leases_limit)')],
      thresholds: greenUntil(0.8, 1),
    },
    {
      title: 'Waiting',
      description: 'Waiters: requests that wait for a lease.',
      kind: 'number',
      width: 6,
      unit: 'short',
      queries: [prom('max(sluice_waiting_requests)')],
      thresholds: greenUntil(1, 100),
    },
    {
      title: 'Age of the oldest waiter',
      description: 'At limits.max_queue_wait_ms the waiter is refused.',
      kind: 'number',
      width: 6,
      unit: 's',
      queries: [prom('max(sluice_longest_wait_seconds)')],
      thresholds: greenUntil(5, 15),
    },
    {
      title: 'Worker utilisation',
      description: 'Runs of all workers, as a share of their total concurrency.',
      kind: 'number',
      width: 6,
      unit: 'percentunit',
      queries: [prom(utilisation)],
      thresholds: greenUntil(0.7, 0.9),
    },
  ],
};

const admission: Row = {
  title: 'Admission',
  panels: [
    {
      title: 'Leases',
      description: 'Leases in use over all replicas, and their maximum number.',
      kind: 'lines',
      width: 8,
      unit: 'short',
      queries: [prom('max(sluice_leases_in_use)', 'in use'), prom('max(sluice_leases_limit)', 'limit')],
    },
    {
      title: 'Waiting requests',
      description: 'If it stays above 0, raise the limit or shed load.',
      kind: 'lines',
      width: 8,
      unit: 'short',
      queries: [prom('max(sluice_waiting_requests)', 'waiting')],
    },
    {
      title: 'Wait for a lease',
      description: 'From the request for a lease to its grant, for granted leases, and the age of the oldest waiter.',
      kind: 'lines',
      width: 8,
      unit: 's',
      queries: [
        ...quantiles([0.5, 0.95], { metric: 'sluice_admission_wait_seconds' }),
        prom('max(sluice_longest_wait_seconds)', 'oldest waiter'),
      ],
    },
    {
      title: 'Refusals by reason',
      description: 'A limit of a key, or a limit of the fleet.',
      kind: 'stacked',
      width: 8,
      unit: 'reqps',
      queries: [rateBy('sluice_admission_refusals_total', { labels: 'key=~"$key"', by: ['reason'] })],
      emptyWhile: 'no request is refused',
    },
    {
      title: 'Refusals by key',
      description: 'By name of the client key. Keys after the first hundred of the configuration count as "other".',
      kind: 'stacked',
      width: 8,
      unit: 'reqps',
      queries: [rateBy('sluice_admission_refusals_total', { labels: 'key=~"$key"', by: ['key'] })],
      emptyWhile: 'no request is refused',
    },
    {
      title: 'Refusals by key and reason',
      description: 'Number in this time range.',
      kind: 'table',
      width: 8,
      queries: [
        now('topk(50, sum by (key, reason) (increase(sluice_admission_refusals_total{key=~"$key"}[$__range])))'),
      ],
      emptyWhile: 'no request is refused',
    },
  ],
};

const queue: Row = {
  title: 'Queue and workers',
  panels: [
    {
      title: 'Jobs by state',
      description: 'Jobs that wait while leases are free: there are too few workers.',
      kind: 'stacked',
      width: 8,
      unit: 'short',
      queries: [prom('sum by (state) (max by (queue, state) (sluice_queue_jobs))', '{{state}}')],
    },
    {
      title: 'Queue wait',
      description: 'From the submission of a request to the first frame of its worker.',
      kind: 'lines',
      width: 8,
      unit: 's',
      queries: quantiles([0.5, 0.95, 0.99], { metric: 'sluice_queue_wait_seconds' }),
    },
    {
      title: 'Utilisation by worker',
      description: 'Runs as a share of worker.concurrency. If all are near 100 %, add workers.',
      kind: 'lines',
      width: 8,
      unit: 'percentunit',
      queries: [
        prom('sluice_worker_active_jobs / on (job, instance) sluice_worker_concurrency', '{{instance}}'),
        prom(utilisation, 'all'),
      ],
    },
    {
      title: 'Stopped intake',
      description:
        'Share of time in which a worker took no jobs because its event loop lagged. If all do, add workers.',
      kind: 'lines',
      width: 12,
      unit: 'percentunit',
      queries: [rateBy('sluice_worker_intake_stopped_seconds_total', { by: ['instance'] })],
    },
    {
      title: 'Workers',
      description: 'Workers that ingresses have seen within the last minute, and workers that Prometheus scrapes.',
      kind: 'lines',
      width: 12,
      unit: 'short',
      queries: [prom('max(sluice_workers)', 'known'), prom('count(sluice_worker_active_jobs)', 'scraped')],
    },
    {
      title: 'Resubmissions by reason',
      description: 'Requests submitted again, by the error of the run before.',
      kind: 'stacked',
      width: 12,
      unit: 'ops',
      queries: [rateBy('sluice_resubmissions_total', { by: ['reason'] })],
      emptyWhile: 'no request needs another run',
    },
    {
      title: 'Jobs refused by workers',
      description: 'Jobs that were not signed with the same SLUICE_SECRET_KEY: see SECURITY.md.',
      kind: 'lines',
      width: 12,
      unit: 'ops',
      queries: [rateBy('sluice_jobs_refused_total', { by: ['reason'] })],
      emptyWhile: 'all replicas have the same secret and no other process writes jobs',
    },
  ],
};

export const queueBoard: Board = {
  uid: 'sluice-queue',
  title: 'Sluice: queue and limits',
  description: 'Running, waiting and refused requests, and the load of the workers.',
  variables: ['key'],
  rows: [glance, admission, queue],
};
