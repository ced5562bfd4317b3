import { gapBuckets } from '../buckets.ts';
import { attemptOutcomes, errorCodes } from '../label-values.ts';
import type { MetricRow } from '../metric-row.ts';
import { worker } from './services.ts';

/** Metrics of upstreams and credentials. */
export const upstreamMetrics = {
  upstreamAttempts: {
    name: 'sluice_upstream_attempts_total',
    kind: 'counter',
    services: worker,
    labels: { upstream: 'upstreams', outcome: attemptOutcomes },
    help: 'Attempts at an upstream by outcome.',
  },
  upstreamChunkGap: {
    name: 'sluice_upstream_chunk_gap_seconds',
    kind: 'histogram',
    services: worker,
    labels: { upstream: 'upstreams' },
    help: 'Time between two chunks of an answer, measured when the worker reads them.',
    buckets: gapBuckets,
  },
  retries: {
    name: 'sluice_retries_total',
    kind: 'counter',
    services: worker,
    labels: { upstream: 'upstreams', reason: errorCodes },
    help: 'Failed attempts at an upstream after which the request was retried, by error code.',
  },
  modelsAsked: {
    name: 'sluice_model_list_calls_total',
    kind: 'counter',
    services: worker,
    labels: { upstream: 'upstreams', outcome: attemptOutcomes },
    help: 'Queries of an upstream for its models, by outcome.',
  },
  burntTokens: {
    name: 'sluice_burnt_tokens_total',
    kind: 'counter',
    services: worker,
    labels: { upstream: 'upstreams' },
    help: 'Approximate tokens of attempts that failed in the middle of their answer; not part of any usage.',
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
    help: 'Cooldowns of credentials started, by error code of the cause.',
  },
  circuitOpen: {
    name: 'sluice_circuit_open',
    kind: 'gauge',
    services: worker,
    labels: { target: 'targets' },
    help: '1 while the circuit of this target is open because the target keeps failing; the same from every replica.',
  },
  upstreamConnections: {
    name: 'sluice_upstream_connections',
    kind: 'gauge',
    services: worker,
    labels: { upstream: 'upstreams' },
    help: 'Connections of this worker to an upstream, including idle ones.',
  },
  upstreamWaitingCalls: {
    name: 'sluice_upstream_waiting_calls',
    kind: 'gauge',
    services: worker,
    labels: { upstream: 'upstreams' },
    help: 'Calls of this worker that wait for a connection to open or to become free.',
  },
} as const satisfies Record<string, MetricRow>;
