import { lagBuckets } from '../buckets.ts';
import { dropReasons } from '../label-values.ts';
import type { MetricRow } from '../metric-row.ts';
import { both, ingress } from './services.ts';

/** Metrics of the relay and of Redis. */
export const relayMetrics = {
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
    help: 'Frames read without a waiting request.',
  },
  relayGaps: {
    name: 'sluice_relay_gaps_total',
    kind: 'counter',
    services: ingress,
    labels: {},
    help: 'Requests with a lost frame; each continues with another run, once.',
  },
  redisUp: {
    name: 'sluice_redis_up',
    kind: 'gauge',
    services: both,
    labels: {},
    help: '1 while this process reaches Redis and Redis accepts its writes.',
  },
  redisMemoryUsed: {
    name: 'sluice_redis_memory_used_bytes',
    kind: 'gauge',
    services: ingress,
    labels: {},
    help: 'Memory that Redis uses, in a cluster by its fullest node; every replica reports the same, so take max(), not sum().',
  },
  redisMemoryLimit: {
    name: 'sluice_redis_memory_limit_bytes',
    kind: 'gauge',
    services: ingress,
    labels: {},
    help: 'Setting maxmemory of that Redis, 0 if it has none; every replica reports the same, so take max(), not sum().',
  },
} as const satisfies Record<string, MetricRow>;
