import { type Board, prom, quantiles, rateBy, redFrom, type Row } from '../board.ts';

const here = 'instance=~"$instance"';
/** Every Node.js process has these metrics; only Sluice's also have `sluice_redis_up`. */
const ours = (metric: string, labels = here): string => `${metric}{${labels}} and on (job, instance) sluice_redis_up`;

const replicas: Row = {
  title: 'Replicas',
  panels: [
    {
      title: 'Ingresses',
      description: 'Replicas that Prometheus can scrape.',
      kind: 'number',
      width: 6,
      unit: 'short',
      queries: [prom('count(sluice_open_streams)')],
    },
    {
      title: 'Workers',
      description: 'Replicas that Prometheus can scrape.',
      kind: 'number',
      width: 6,
      unit: 'short',
      queries: [prom('count(sluice_worker_active_jobs)')],
    },
    {
      title: 'Replicas without Redis',
      description: 'They answer 503 and are not ready.',
      kind: 'number',
      width: 6,
      unit: 'short',
      queries: [prom('count(sluice_redis_up == 0) or vector(0)')],
      thresholds: redFrom(1),
    },
    {
      title: 'Open streams',
      description: 'Answers being streamed by all ingresses.',
      kind: 'number',
      width: 6,
      unit: 'short',
      queries: [prom('sum(sluice_open_streams)')],
    },
  ],
};

const runtime: Row = {
  title: 'Event loop, memory, processor',
  panels: [
    {
      title: 'Event-loop lag, p99',
      description: 'Above some 50 ms the process is overloaded: add replicas.',
      kind: 'lines',
      width: 8,
      unit: 's',
      queries: [prom(ours('nodejs_eventloop_lag_p99_seconds'), '{{instance}}')],
    },
    {
      title: 'Garbage collection',
      description: 'Share of time, by kind of collection, on average over the chosen replicas.',
      kind: 'stacked',
      width: 8,
      unit: 'percentunit',
      queries: [
        prom(
          `avg by (kind) (rate(nodejs_gc_duration_seconds_sum{${here}}[$__rate_interval]) and on (job, instance) sluice_redis_up)`,
          '{{kind}}',
        ),
      ],
    },
    {
      title: 'Processor time',
      description: 'Cores in use. The JavaScript of a process can use one core at most.',
      kind: 'lines',
      width: 8,
      unit: 'short',
      queries: [
        prom(
          `rate(process_cpu_seconds_total{${here}}[$__rate_interval]) and on (job, instance) sluice_redis_up`,
          '{{instance}}',
        ),
      ],
    },
    {
      title: 'Resident memory',
      description: 'Resident memory of each process.',
      kind: 'lines',
      width: 8,
      unit: 'bytes',
      queries: [prom(ours('process_resident_memory_bytes'), '{{instance}}')],
    },
    {
      title: 'Heap in use',
      description: 'It falls after each collection. The remainder grows with the number of open streams.',
      kind: 'lines',
      width: 8,
      unit: 'bytes',
      queries: [prom(ours('nodejs_heap_size_used_bytes'), '{{instance}}')],
    },
    {
      title: 'Open streams by replica',
      description: 'It falls to 0 during a drain.',
      kind: 'lines',
      width: 8,
      unit: 'short',
      queries: [prom(`sluice_open_streams{${here}}`, '{{instance}}')],
    },
  ],
};

const redis: Row = {
  title: 'Redis and relay',
  panels: [
    {
      title: 'Redis reached',
      description: '1 while the process reaches Redis and Redis accepts writes.',
      kind: 'timeline',
      width: 12,
      queries: [prom(`sluice_redis_up{${here}}`, '{{instance}}')],
      thresholds: [
        { from: 0, color: 'red' },
        { from: 1, color: 'green' },
      ],
    },
    {
      title: 'Memory of Redis',
      description: 'In a cluster, the fullest node. At the limit Redis refuses writes. A limit of 0 means no limit.',
      kind: 'lines',
      width: 12,
      unit: 'bytes',
      queries: [
        prom('max(sluice_redis_memory_used_bytes)', 'used'),
        prom('max(sluice_redis_memory_limit_bytes)', 'limit'),
      ],
    },
    {
      title: 'Relay lag',
      description: 'From sending a batch of frames to reading it, measured with the clocks of two machines.',
      kind: 'lines',
      width: 12,
      unit: 's',
      queries: quantiles([0.5, 0.99], { metric: 'sluice_relay_lag_seconds', labels: here, by: ['instance'] }).map(
        (query) => ({ ...query, hasExemplars: false }),
      ),
    },
    {
      title: 'Frames read',
      description: 'Ingresses read answers; workers read cancels and pauses.',
      kind: 'lines',
      width: 12,
      unit: 'ops',
      queries: [rateBy('sluice_relay_frames_total', { labels: here, by: ['instance'] })],
    },
    {
      title: 'Dropped frames',
      description:
        'Unknown requests are normal after clients have left. Other reasons: a worker given up as lost was still running.',
      kind: 'stacked',
      width: 12,
      unit: 'ops',
      queries: [rateBy('sluice_relay_dropped_frames_total', { labels: here, by: ['reason'] })],
      emptyWhile: 'no client leaves and no worker is given up as lost',
    },
    {
      title: 'Gaps',
      description: 'Requests with a lost frame. This is never normal: Redis has lost data.',
      kind: 'lines',
      width: 12,
      unit: 'ops',
      queries: [prom(`sum by (instance) (rate(sluice_relay_gaps_total{${here}}[$__rate_interval]))`, '{{instance}}')],
    },
  ],
};

export const fleet: Board = {
  uid: 'sluice-fleet',
  title: 'Sluice: fleet',
  description: 'The processes: event loop, memory, Redis, relay.',
  variables: ['instance'],
  rows: [replicas, runtime, redis],
};
