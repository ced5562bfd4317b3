import { waitBuckets } from '../buckets.ts';
import { errorCodes, jobStates, outcomes, refusalReasons } from '../label-values.ts';
import type { MetricRow } from '../metric-row.ts';
import { ingress, worker } from './services.ts';

/** Metrics of admission and of the queue. */
export const queueMetrics = {
  admissionWait: {
    name: 'sluice_admission_wait_seconds',
    kind: 'histogram',
    services: ingress,
    labels: {},
    help: 'From the request for a lease to its grant.',
    buckets: waitBuckets,
  },
  admissionRefusals: {
    name: 'sluice_admission_refusals_total',
    kind: 'counter',
    services: ingress,
    labels: { reason: errorCodes, key: 'keys' },
    help: 'Requests refused by admission, by error code and name of the client key.',
  },
  keyRequests: {
    name: 'sluice_key_requests_total',
    kind: 'counter',
    services: ingress,
    labels: { key: 'keys', outcome: outcomes },
    help: 'Chat requests by name of the client key and outcome.',
  },
  keyTokens: {
    name: 'sluice_key_tokens_total',
    kind: 'counter',
    services: ingress,
    labels: { key: 'keys', type: ['input', 'output'] },
    help: 'Tokens as counted by the upstream, by name of the client key.',
  },
  leasesInUse: {
    name: 'sluice_leases_in_use',
    kind: 'gauge',
    services: ingress,
    labels: {},
    help: 'Requests running over all replicas; every replica reports the same, so take max(), not sum().',
  },
  leasesLimit: {
    name: 'sluice_leases_limit',
    kind: 'gauge',
    services: ingress,
    labels: {},
    help: 'Maximum of running requests over all replicas; every replica reports the same, so take max(), not sum().',
  },
  waitingRequests: {
    name: 'sluice_waiting_requests',
    kind: 'gauge',
    services: ingress,
    labels: {},
    help: 'Requests waiting for a lease over all replicas; every replica reports the same, so take max(), not sum().',
  },
  longestWait: {
    name: 'sluice_longest_wait_seconds',
    kind: 'gauge',
    services: ingress,
    labels: {},
    help: 'Longest current wait for a lease, over all replicas; take max(), not sum().',
  },
  queueJobs: {
    name: 'sluice_queue_jobs',
    kind: 'gauge',
    services: ingress,
    labels: { queue: 'queues', state: jobStates },
    help: 'Jobs in the queue; every replica reports the same, so take max by (queue, state), not sum.',
  },
  queueWait: {
    name: 'sluice_queue_wait_seconds',
    kind: 'histogram',
    services: ingress,
    labels: {},
    help: 'From the submission of a job to the first frame of the worker that took it.',
    buckets: waitBuckets,
  },
  resubmissions: {
    name: 'sluice_resubmissions_total',
    kind: 'counter',
    services: ingress,
    labels: { reason: errorCodes },
    help: 'Requests submitted to the queue again, by error code of the previous run.',
  },
  resumptions: {
    name: 'sluice_resumed_streams_total',
    kind: 'counter',
    services: ingress,
    labels: { outcome: outcomes },
    help: 'Streams that broke off and were resumed, by outcome.',
  },
  workers: {
    name: 'sluice_workers',
    kind: 'gauge',
    services: ingress,
    labels: {},
    help: 'Workers alive now or within the last minute; every replica reports the same, so take max(), not sum().',
  },
  activeJobs: {
    name: 'sluice_worker_active_jobs',
    kind: 'gauge',
    services: worker,
    labels: {},
    help: 'Requests that this worker is running.',
  },
  workerConcurrency: {
    name: 'sluice_worker_concurrency',
    kind: 'gauge',
    services: worker,
    labels: {},
    help: 'Maximum of requests that this worker runs in parallel.',
  },
  intakeStopped: {
    name: 'sluice_worker_intake_stopped_seconds_total',
    kind: 'counter',
    services: worker,
    labels: {},
    help: 'Time in which this worker took no jobs because its event loop lagged.',
  },
  jobsRefused: {
    name: 'sluice_jobs_refused_total',
    kind: 'counter',
    services: worker,
    labels: { reason: refusalReasons },
    help: 'Jobs refused because they were not written by an ingress with the same SLUICE_SECRET_KEY.',
  },
} as const satisfies Record<string, MetricRow>;
