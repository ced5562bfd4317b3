import {
  attemptOutcomes,
  dropReasons,
  errorCodes,
  jobStates,
  outcomes,
  refusalReasons,
  statusClasses,
} from './label-values.ts';

/** The process of ours that exposes a metric. */
export type Service = 'ingress' | 'worker';

/** A label's values: fixed ones, or a set that the configuration gives. */
export type LabelValues = readonly string[] | 'models' | 'upstreams' | 'targets' | 'queues' | 'keys';

/** One row of {@link metricTable}. */
export interface MetricRow {
  readonly name: string;
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly services: readonly Service[];
  /** At most four; any other value becomes `other`, an absent one `none`. */
  readonly labels: Readonly<Record<string, LabelValues>>;
  readonly help: string;
  /** Upper bounds of a histogram's buckets, ascending. */
  readonly buckets?: readonly number[];
}

const ingress: readonly Service[] = ['ingress'];
const worker: readonly Service[] = ['worker'];
const both: readonly Service[] = ['ingress', 'worker'];

// The conventions' own bounds, stretched to what a gateway meets: a first token after a minute, an answer of ten.
const durationBuckets = [
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92, 163.84, 327.68, 655.36,
];
const firstTokenBuckets = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 15, 30, 60,
];
const perTokenBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5];
const waitBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const gapBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const lagBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** Every metric of ours; `docs/metrics.md` explains the same list to operators, and a test holds the two together. */
export const metricTable = {
  requestDuration: {
    name: 'gen_ai_server_request_duration_seconds',
    kind: 'histogram',
    services: ingress,
    labels: { model: 'models', upstream: 'upstreams', code: statusClasses },
    help: 'From the arrival of a chat request to the end of its answer.',
    buckets: durationBuckets,
  },
  timeToFirstToken: {
    name: 'gen_ai_server_time_to_first_token_seconds',
    kind: 'histogram',
    services: ingress,
    labels: { model: 'models', upstream: 'upstreams' },
    help: 'From the arrival of a chat request to the first piece of its answer.',
    buckets: firstTokenBuckets,
  },
  timePerOutputToken: {
    name: 'gen_ai_server_time_per_output_token_seconds',
    kind: 'histogram',
    services: ingress,
    labels: { model: 'models', upstream: 'upstreams' },
    help: '(duration - time to first token) / (output tokens - 1), of complete answers of two tokens or more.',
    buckets: perTokenBuckets,
  },
  tokens: {
    name: 'sluice_tokens_total',
    kind: 'counter',
    services: ingress,
    labels: { model: 'models', upstream: 'upstreams', type: ['input', 'output'] },
    help: 'Tokens as the upstream counted them.',
  },
  requests: {
    name: 'sluice_requests_total',
    kind: 'counter',
    services: ingress,
    labels: { model: 'models', stream: ['true', 'false'], outcome: outcomes, code: statusClasses },
    help: 'Chat requests by how they ended.',
  },
  requestErrors: {
    name: 'sluice_request_errors_total',
    kind: 'counter',
    services: ingress,
    labels: { code: errorCodes },
    help: 'Errors told to clients, as status or inside a stream, by our error code.',
  },
  openStreams: {
    name: 'sluice_open_streams',
    kind: 'gauge',
    services: ingress,
    labels: {},
    help: 'Answers being streamed by this replica.',
  },
  clientAborts: {
    name: 'sluice_client_aborts_total',
    kind: 'counter',
    services: ingress,
    labels: {},
    help: 'Clients that went away before their answer was complete.',
  },
  slowClients: {
    name: 'sluice_slow_clients_total',
    kind: 'counter',
    services: ingress,
    labels: {},
    help: 'Clients cut off because they did not read their answer.',
  },
  admissionWait: {
    name: 'sluice_admission_wait_seconds',
    kind: 'histogram',
    services: ingress,
    labels: {},
    help: 'From the request for a slot to its lease.',
    buckets: waitBuckets,
  },
  admissionRefusals: {
    name: 'sluice_admission_refusals_total',
    kind: 'counter',
    services: ingress,
    labels: { reason: errorCodes, key: 'keys' },
    help: 'Requests that were not let in, by our error code and the name of the client key.',
  },
  keyRequests: {
    name: 'sluice_key_requests_total',
    kind: 'counter',
    services: ingress,
    labels: { key: 'keys', outcome: outcomes },
    help: 'Chat requests by the name of the client key and how they ended.',
  },
  keyTokens: {
    name: 'sluice_key_tokens_total',
    kind: 'counter',
    services: ingress,
    labels: { key: 'keys', type: ['input', 'output'] },
    help: 'Tokens as the upstream counted them, by the name of the client key.',
  },
  slotsInUse: {
    name: 'sluice_slots_in_use',
    kind: 'gauge',
    services: ingress,
    labels: {},
    help: 'Requests running over all replicas; every replica reports the same, so take max(), not sum().',
  },
  slotsLimit: {
    name: 'sluice_slots_limit',
    kind: 'gauge',
    services: ingress,
    labels: {},
    help: 'Requests that may run over all replicas; every replica reports the same, so take max(), not sum().',
  },
  waitingRequests: {
    name: 'sluice_waiting_requests',
    kind: 'gauge',
    services: ingress,
    labels: {},
    help: 'Requests waiting for a slot over all replicas; every replica reports the same, so take max(), not sum().',
  },
  longestWait: {
    name: 'sluice_longest_wait_seconds',
    kind: 'gauge',
    services: ingress,
    labels: {},
    help: 'For how long the request that has waited longest waits for a slot, over all replicas; take max(), not sum().',
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
    help: 'From handing a job to the queue to word from the worker that took it.',
    buckets: waitBuckets,
  },
  resubmissions: {
    name: 'sluice_resubmissions_total',
    kind: 'counter',
    services: ingress,
    labels: { reason: errorCodes },
    help: 'Requests put into the queue again, by the error code of the run before.',
  },
  rescues: {
    name: 'sluice_rescued_streams_total',
    kind: 'counter',
    services: ingress,
    labels: { outcome: outcomes },
    help: 'Streams that broke off and were continued, by how they ended.',
  },
  workers: {
    name: 'sluice_workers',
    kind: 'gauge',
    services: ingress,
    labels: {},
    help: 'Workers that live or were seen within the last minute; every replica reports the same, so take max(), not sum().',
  },
  activeJobs: {
    name: 'sluice_worker_active_jobs',
    kind: 'gauge',
    services: worker,
    labels: {},
    help: 'Requests this worker is working on.',
  },
  workerConcurrency: {
    name: 'sluice_worker_concurrency',
    kind: 'gauge',
    services: worker,
    labels: {},
    help: 'Requests this worker works on at once, at most.',
  },
  jobsRefused: {
    name: 'sluice_jobs_refused_total',
    kind: 'counter',
    services: worker,
    labels: { reason: refusalReasons },
    help: 'Jobs that were not run, because no ingress with the same SLUICE_SECRET_KEY has written them.',
  },
  upstreamAttempts: {
    name: 'sluice_upstream_attempts_total',
    kind: 'counter',
    services: worker,
    labels: { upstream: 'upstreams', outcome: attemptOutcomes },
    help: 'Calls to an upstream by how they ended.',
  },
  upstreamChunkGap: {
    name: 'sluice_upstream_chunk_gap_seconds',
    kind: 'histogram',
    services: worker,
    labels: { upstream: 'upstreams' },
    help: 'Time between two chunks of an answer, as the worker reads them.',
    buckets: gapBuckets,
  },
  retries: {
    name: 'sluice_retries_total',
    kind: 'counter',
    services: worker,
    labels: { upstream: 'upstreams', reason: errorCodes },
    help: 'Failed calls to an upstream that left the request to be tried again, by our error code.',
  },
  modelsAsked: {
    name: 'sluice_model_list_calls_total',
    kind: 'counter',
    services: worker,
    labels: { upstream: 'upstreams', outcome: attemptOutcomes },
    help: 'Questions to an upstream which models it has, by how they ended.',
  },
  burntTokens: {
    name: 'sluice_burnt_tokens_total',
    kind: 'counter',
    services: worker,
    labels: { upstream: 'upstreams' },
    help: 'Tokens, about, of calls that failed in the middle of their answer; not part of any usage.',
  },
  credentials: {
    name: 'sluice_credentials',
    kind: 'gauge',
    services: worker,
    labels: { upstream: 'upstreams', state: ['ready', 'cooling'] },
    help: 'Credentials by state; every replica reports the same, so take max by (upstream, state), not sum.',
  },
  credentialCooldowns: {
    name: 'sluice_credential_cooldowns_total',
    kind: 'counter',
    services: worker,
    labels: { upstream: 'upstreams', reason: errorCodes },
    help: 'Credentials sent to cool down, by our error code for the cause.',
  },
  breakerOpen: {
    name: 'sluice_breaker_open',
    kind: 'gauge',
    services: worker,
    labels: { target: 'targets' },
    help: '1 while no request is sent to this target because it keeps failing; the same from every replica.',
  },
  upstreamConnections: {
    name: 'sluice_upstream_connections',
    kind: 'gauge',
    services: worker,
    labels: { upstream: 'upstreams' },
    help: 'Connections of this worker to an upstream, idle ones too.',
  },
  upstreamWaitingCalls: {
    name: 'sluice_upstream_waiting_calls',
    kind: 'gauge',
    services: worker,
    labels: { upstream: 'upstreams' },
    help: 'Calls of this worker that wait for a connection to open or to be free.',
  },
  relayLag: {
    name: 'sluice_relay_lag_seconds',
    kind: 'histogram',
    services: both,
    labels: {},
    help: 'From the sending of a batch of frames to its reading, between the clocks of two machines.',
    buckets: lagBuckets,
  },
  relayFrames: {
    name: 'sluice_relay_frames_total',
    kind: 'counter',
    services: both,
    labels: {},
    help: "Frames read from this process's mailbox: answers at the ingress, cancels and pauses at a worker.",
  },
  relayDroppedFrames: {
    name: 'sluice_relay_dropped_frames_total',
    kind: 'counter',
    services: ingress,
    labels: { reason: dropReasons },
    help: 'Frames read that nobody was waiting for.',
  },
  relayGaps: {
    name: 'sluice_relay_gaps_total',
    kind: 'counter',
    services: ingress,
    labels: {},
    help: 'Requests of which a frame was lost on the way; each goes on with another run, once.',
  },
  redisUp: {
    name: 'sluice_redis_up',
    kind: 'gauge',
    services: both,
    labels: {},
    help: '1 while this process reaches Redis and Redis takes what it writes.',
  },
  redisMemoryUsed: {
    name: 'sluice_redis_memory_used_bytes',
    kind: 'gauge',
    services: ingress,
    labels: {},
    help: 'Memory that Redis uses, in a cluster that of its fullest node; every replica reports the same, so take max(), not sum().',
  },
  redisMemoryLimit: {
    name: 'sluice_redis_memory_limit_bytes',
    kind: 'gauge',
    services: ingress,
    labels: {},
    help: 'The maxmemory of that Redis, 0 if it has none; every replica reports the same, so take max(), not sum().',
  },
} as const satisfies Record<string, MetricRow>;
