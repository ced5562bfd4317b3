import { type Board, greenUntil, now, prom, quantiles, rateBy, type Row } from '../board.ts';

const utilisation = 'sum(sluice_worker_active_jobs) / sum(sluice_worker_concurrency)';

const glance: Row = {
  title: 'At a glance',
  panels: [
    {
      title: 'Slots in use',
      description: 'Share of limits.max_concurrent_requests. At 100 % requests wait.',
      kind: 'number',
      width: 6,
      unit: 'percentunit',
      queries: [prom('max(sluice_leases_in_use) / max(sluice_leases_limit)')],
      thresholds: greenUntil(0.8, 1),
    },
    {
      title: 'Waiting',
      description: 'Requests that have a place to wait and none to run yet.',
      kind: 'number',
      width: 6,
      unit: 'short',
      queries: [prom('max(sluice_waiting_requests)')],
      thresholds: greenUntil(1, 100),
    },
    {
      title: 'Age of the oldest waiter',
      description: 'Near limits.max_queue_wait_ms it is refused.',
      kind: 'number',
      width: 6,
      unit: 's',
      queries: [prom('max(sluice_longest_wait_seconds)')],
      thresholds: greenUntil(5, 15),
    },
    {
      title: 'Worker utilisation',
      description: 'Runs of all workers, as a share of what they may run at once.',
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
      title: 'Slots',
      description: 'Requests that run over all replicas, and how many may.',
      kind: 'lines',
      width: 8,
      unit: 'short',
      queries: [prom('max(sluice_leases_in_use)', 'in use'), prom('max(sluice_leases_limit)', 'limit')],
    },
    {
      title: 'Waiting requests',
      description: 'Above 0 for long: raise the limit, or shed load.',
      kind: 'lines',
      width: 8,
      unit: 'short',
      queries: [prom('max(sluice_waiting_requests)', 'waiting')],
    },
    {
      title: 'Wait for a slot',
      description:
        'From the request for a lease to its grant. of those that got one; and the age of the oldest that waits.',
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
      description: 'A key at its limits, or the fleet at its own.',
      kind: 'stacked',
      width: 8,
      unit: 'reqps',
      queries: [rateBy('sluice_admission_refusals_total', { labels: 'key=~"$key"', by: ['reason'] })],
      emptyWhile: 'nobody is refused',
    },
    {
      title: 'Refusals by key',
      description: 'By the name of the client key. Keys beyond the hundredth of the configuration count as "other".',
      kind: 'stacked',
      width: 8,
      unit: 'reqps',
      queries: [rateBy('sluice_admission_refusals_total', { labels: 'key=~"$key"', by: ['key'] })],
      emptyWhile: 'nobody is refused',
    },
    {
      title: 'Who was refused, and why',
      description: 'In this time range.',
      kind: 'table',
      width: 8,
      queries: [
        now('topk(50, sum by (key, reason) (increase(sluice_admission_refusals_total{key=~"$key"}[$__range])))'),
      ],
      emptyWhile: 'nobody is refused',
    },
  ],
};

const queue: Row = {
  title: 'Queue and workers',
  panels: [
    {
      title: 'Jobs by state',
      description: 'Waiting above 0 while slots are free: there are too few workers.',
      kind: 'stacked',
      width: 8,
      unit: 'short',
      queries: [prom('sum by (state) (max by (queue, state) (sluice_queue_jobs))', '{{state}}')],
    },
    {
      title: 'Queue wait',
      description: 'From handing a request to the queue to word from the worker that took it.',
      kind: 'lines',
      width: 8,
      unit: 's',
      queries: quantiles([0.5, 0.95, 0.99], { metric: 'sluice_queue_wait_seconds' }),
    },
    {
      title: 'Utilisation by worker',
      description: 'Runs as a share of worker.concurrency. Near 100 % everywhere: add workers.',
      kind: 'lines',
      width: 8,
      unit: 'percentunit',
      queries: [
        prom('sluice_worker_active_jobs / on (job, instance) sluice_worker_concurrency', '{{instance}}'),
        prom(utilisation, 'all'),
      ],
    },
    {
      title: 'Workers',
      description: 'Those that live or were seen within the last minute, as ingresses know them.',
      kind: 'lines',
      width: 8,
      unit: 'short',
      queries: [prom('max(sluice_workers)', 'known'), prom('count(sluice_worker_active_jobs)', 'scraped')],
    },
    {
      title: 'Resubmissions by reason',
      description: 'Requests put into the queue again, by the error of the run before.',
      kind: 'stacked',
      width: 8,
      unit: 'ops',
      queries: [rateBy('sluice_resubmissions_total', { by: ['reason'] })],
      emptyWhile: 'no run has to be made again',
    },
    {
      title: 'Jobs refused by workers',
      description: 'Nobody with the same SLUICE_SECRET_KEY has written them: see SECURITY.md.',
      kind: 'lines',
      width: 8,
      unit: 'ops',
      queries: [rateBy('sluice_jobs_refused_total', { by: ['reason'] })],
      emptyWhile: 'all replicas have the same secret and nobody else writes jobs',
    },
  ],
};

export const queueBoard: Board = {
  uid: 'sluice-queue',
  title: 'Sluice: queue and limits',
  description: 'Who runs, who waits, who is refused, and whether there are enough workers.',
  variables: ['key'],
  rows: [glance, admission, queue],
};
