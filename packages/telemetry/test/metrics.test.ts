import { errorTable } from '@sluice/protocol';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { formerMetrics } from '../src/former-metrics.ts';
import { metricTable } from '../src/metric-names.ts';
import type { LabelValues, MetricRow } from '../src/metric-row.ts';
import { createMetrics } from '../src/metrics.ts';
import type { FinishedRequest } from '../src/recorders.ts';
import { parseExposition } from './exposition.ts';

const rows: readonly MetricRow[] = Object.values(metricTable);
const configured = {
  models: ['gpt', 'mock*'],
  upstreams: ['sim'],
  targets: ['sim/gpt'],
  queues: ['chat'],
  keys: ['team-a'],
};
const createIngress = () => createMetrics({ service: 'ingress', ...configured });
const createWorker = () => createMetrics({ service: 'worker', ...configured });

async function scrape(metrics: Pick<ReturnType<typeof createIngress>, 'render'>) {
  return parseExposition((await metrics.render()).body);
}

const finished: FinishedRequest = {
  model: 'gpt',
  upstream: 'sim',
  stream: true,
  outcome: 'complete',
  status: 200,
  durationMs: 2100,
  ttftMs: 100,
  inputTokens: 7,
  outputTokens: 5,
  key: 'team-a',
};

afterEach(() => {
  vi.useRealTimers();
});

describe('createMetrics', () => {
  it.each([
    ['ingress' as const, createIngress],
    ['worker' as const, createWorker],
  ])('exposes exactly the metrics of the table for the %s, and those of its process', async (service, create) => {
    const { types, helps } = await scrape(create());
    const expected = rows.filter(({ services }) => services.includes(service));
    const ours = Array.from(types).filter(([name]) => /^(sluice|gen_ai)_/.test(name));
    const kinds = expected.flatMap(({ name, kind }) => [name, formerMetrics[name] ?? name].map((each) => [each, kind]));
    expect(Object.fromEntries(ours)).toEqual(Object.fromEntries(kinds));
    for (const { name, help } of expected) expect(helps.get(name)).toBe(help);
    expect(types.get('nodejs_eventloop_lag_seconds')).toBe('gauge');
    expect(types.get('process_resident_memory_bytes')).toBe('gauge');
  });

  it('has the content type of Prometheus text', async () => {
    expect((await createIngress().render()).contentType).toMatch(/^text\/plain; version=0\.0\.4/);
  });

  it('shows whether Redis is reached; it counts as away at first', async () => {
    const metrics = createWorker();
    expect((await scrape(metrics)).value('sluice_redis_up')).toBe(0);
    metrics.redisUp(true);
    expect((await scrape(metrics)).value('sluice_redis_up')).toBe(1);
    metrics.redisUp(false);
    expect((await scrape(metrics)).value('sluice_redis_up')).toBe(0);
  });

  it('counts frames from the mailbox and their lag, if known', async () => {
    const metrics = createWorker();
    metrics.relayRead(3, 20);
    metrics.relayRead(2);
    const { value } = await scrape(metrics);
    expect(value('sluice_relay_frames_total')).toBe(5);
    expect(value('sluice_relay_lag_seconds_count')).toBe(1);
    expect(value('sluice_relay_lag_seconds_sum')).toBe(0.02);
  });
});

describe('ingress', () => {
  it('records a complete stream: request, duration, first token, time per token, tokens', async () => {
    const metrics = createIngress();
    metrics.requestFinished(finished);
    const { value } = await scrape(metrics);
    const who = { model: 'gpt', upstream: 'sim' };
    const request = { model: 'gpt', stream: 'true', outcome: 'complete', code: '2xx' };
    expect(value('sluice_requests_total', request)).toBe(1);
    expect(value('gen_ai_server_request_duration_seconds_sum', { ...who, code: '2xx' })).toBe(2.1);
    expect(value('gen_ai_server_time_to_first_token_seconds_sum', who)).toBe(0.1);
    expect(value('gen_ai_server_time_per_output_token_seconds_sum', who)).toBe(0.5);
    expect(value('sluice_tokens_total', { ...who, type: 'input' })).toBe(7);
    expect(value('sluice_tokens_total', { ...who, type: 'output' })).toBe(5);
    expect(value('sluice_key_requests_total', { key: 'team-a', outcome: 'complete' })).toBe(1);
    expect(value('sluice_key_tokens_total', { key: 'team-a', type: 'input' })).toBe(7);
    expect(value('sluice_key_tokens_total', { key: 'team-a', type: 'output' })).toBe(5);
  });

  it.each([
    ['a single token', { outputTokens: 1 }],
    ['a whole answer', { stream: false }],
    ['a broken stream', { outcome: 'error' }],
    ['an answer without usage', { outputTokens: undefined }],
    ['an answer that never started', { ttftMs: undefined }],
  ] as const)('records no time per token of %s', async (_, own) => {
    const metrics = createIngress();
    metrics.requestFinished({ ...finished, ...own });
    const { samples } = await scrape(metrics);
    expect(samples.filter(({ name }) => name.startsWith('gen_ai_server_time_per_output_token'))).toEqual([]);
  });

  it('records a refusal with status class and code, without upstream', async () => {
    const metrics = createIngress();
    metrics.requestFinished({
      stream: false,
      outcome: 'refused',
      status: 429,
      code: 'rate_limit_exceeded',
      durationMs: 3,
    });
    metrics.refused('rate_limit_exceeded', 'team-a');
    metrics.refused('server_overloaded');
    const { value, samples } = await scrape(metrics);
    const request = { model: 'none', stream: 'false', outcome: 'refused', code: '4xx' };
    expect(value('sluice_requests_total', request)).toBe(1);
    expect(value('sluice_request_errors_total', { code: 'rate_limit_exceeded' })).toBe(1);
    expect(value('sluice_admission_refusals_total', { reason: 'rate_limit_exceeded', key: 'team-a' })).toBe(1);
    expect(value('sluice_admission_refusals_total', { reason: 'server_overloaded', key: 'none' })).toBe(1);
    const duration = { model: 'none', upstream: 'none', code: '4xx' };
    expect(value('gen_ai_server_request_duration_seconds_count', duration)).toBe(1);
    expect(samples.some(({ name }) => name === 'sluice_tokens_total')).toBe(false);
  });

  it('counts open streams, aborts, slow clients, reruns, waits and lost frames', async () => {
    const metrics = createIngress();
    metrics.streamOpened();
    metrics.streamOpened();
    metrics.streamClosed();
    metrics.clientAborted();
    metrics.clientTooSlow();
    metrics.resubmitted('upstream_rate_limited');
    metrics.admitted(40);
    metrics.queueWaited(-2);
    metrics.relayDropped('old_epoch');
    metrics.relayGap();
    const { value } = await scrape(metrics);
    expect(value('sluice_open_streams')).toBe(1);
    expect(value('sluice_client_aborts_total')).toBe(1);
    expect(value('sluice_slow_clients_total')).toBe(1);
    expect(value('sluice_resubmissions_total', { reason: 'upstream_rate_limited' })).toBe(1);
    expect(value('sluice_admission_wait_seconds_sum')).toBe(0.04);
    expect(value('sluice_queue_wait_seconds_sum')).toBe(0);
    expect(value('sluice_queue_wait_seconds_count')).toBe(1);
    expect(value('sluice_relay_dropped_frames_total', { reason: 'old_epoch' })).toBe(1);
    expect(value('sluice_relay_gaps_total')).toBe(1);
  });

  it('queries leases and queue at each scrape', async () => {
    const metrics = createIngress();
    metrics.watch({
      leases: () => ({ inUse: 3, limit: 10, waiting: 2, longestWaitMs: 1500 }),
      queueJobs: () =>
        Promise.resolve([
          { queue: 'chat', state: 'waiting', count: 4 },
          { queue: 'chat', state: 'active', count: 1 },
        ]),
    });
    const { value } = await scrape(metrics);
    expect(value('sluice_leases_in_use')).toBe(3);
    expect(value('sluice_leases_limit')).toBe(10);
    expect(value('sluice_waiting_requests')).toBe(2);
    expect(value('sluice_queue_jobs', { queue: 'chat', state: 'waiting' })).toBe(4);
    expect(value('sluice_queue_jobs', { queue: 'chat', state: 'active' })).toBe(1);
  });

  it('queries workers and the memory of Redis at each scrape', async () => {
    const metrics = createIngress();
    metrics.watch({ workers: () => 3, redisMemory: () => ({ usedBytes: 700, limitBytes: 1000 }) });
    const { value } = await scrape(metrics);
    expect(value('sluice_workers')).toBe(3);
    expect(value('sluice_redis_memory_used_bytes')).toBe(700);
    expect(value('sluice_redis_memory_limit_bytes')).toBe(1000);
  });

  it('answers a scrape within a second while Redis hangs, without its gauges', async () => {
    vi.useFakeTimers();
    const metrics = createIngress();
    metrics.watch({
      leases: () => new Promise(() => {}),
      queueJobs: () => [{ queue: 'chat', state: 'waiting', count: 1 }],
    });
    const scraped = scrape(metrics);
    await vi.advanceTimersByTimeAsync(1000);
    const { value } = await scraped;
    expect(value('sluice_leases_in_use')).toBeUndefined();
    expect(value('sluice_queue_jobs', { queue: 'chat', state: 'waiting' })).toBe(1);
  });
});

describe('worker', () => {
  it('counts jobs, attempts, gaps, retries and cooldowns', async () => {
    const metrics = createWorker();
    metrics.jobStarted();
    metrics.jobStarted();
    metrics.jobEnded();
    metrics.attemptEnded('sim', 'complete');
    metrics.chunkGap('sim', 30);
    metrics.retried('sim', 'upstream_rate_limited');
    metrics.credentialCooledDown('sim', 'upstream_rate_limited');
    const { value } = await scrape(metrics);
    expect(value('sluice_worker_active_jobs')).toBe(1);
    expect(value('sluice_upstream_attempts_total', { upstream: 'sim', outcome: 'complete' })).toBe(1);
    expect(value('sluice_upstream_chunk_gap_seconds_sum', { upstream: 'sim' })).toBe(0.03);
    const cause = { upstream: 'sim', reason: 'upstream_rate_limited' };
    expect(value('sluice_retries_total', cause)).toBe(1);
    expect(value('sluice_credential_cooldowns_total', cause)).toBe(1);
  });

  it('queries credentials and circuits at each scrape; one target of two models is one circuit', async () => {
    const metrics = createWorker();
    metrics.watch({
      credentials: () => [{ upstream: 'sim', ready: 2, cooling: 1 }],
      circuits: () => [
        { target: 'sim/gpt', isOpen: true },
        { target: 'sim/gpt', isOpen: true },
      ],
    });
    const { value } = await scrape(metrics);
    expect(value('sluice_credentials', { upstream: 'sim', state: 'ready' })).toBe(2);
    expect(value('sluice_credentials', { upstream: 'sim', state: 'cooling' })).toBe(1);
    expect(value('sluice_circuit_open', { target: 'sim/gpt' })).toBe(1);
  });
});

describe('exemplars', () => {
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const openMetrics = async (metrics: Pick<ReturnType<typeof createIngress>, 'render'>): Promise<string[]> =>
    (await metrics.render('openmetrics')).body.split('\n');

  it('name the trace of a request, only in OpenMetrics', async () => {
    const metrics = createIngress();
    metrics.requestFinished({ ...finished, traceId });
    metrics.admitted(40, traceId);
    metrics.queueWaited(3, traceId);
    const lines = (await openMetrics(metrics)).filter((line) => line.includes(traceId));
    expect(lines.map((line) => line.replace(/\{.*/, ''))).toEqual([
      'gen_ai_server_request_duration_seconds_bucket',
      'gen_ai_server_time_to_first_token_seconds_bucket',
      'gen_ai_server_time_per_output_token_seconds_bucket',
      'sluice_admission_wait_seconds_bucket',
      'sluice_queue_wait_seconds_bucket',
    ]);
    expect(lines[0]).toMatch(
      new RegExp(`^\\S+\\{le="2.56",.*\\} 1 # \\{trace_id="${traceId}"\\} 2.1 \\d{10}(\\.\\d+)?$`),
    );
    expect((await metrics.render()).body).not.toContain(traceId);
  });

  it('are added to long gaps only', async () => {
    const metrics = createWorker();
    metrics.chunkGap('sim', 249, 'usual');
    metrics.chunkGap('sim', 250, 'long');
    const body = (await openMetrics(metrics)).join('\n');
    expect(body).toContain('trace_id="long"');
    expect(body).not.toContain('trace_id="usual"');
  });

  it('keep the names and values of all metrics in both formats', async () => {
    const metrics = createIngress();
    metrics.requestFinished({ ...finished, traceId });
    const before = await scrape(metrics);
    const lines = await openMetrics(metrics);
    const after = await scrape(metrics);
    expect(after.types).toEqual(before.types);
    expect(lines.slice(-2)).toEqual(['# EOF', '']);
    const plain = lines.slice(0, -2).map((line) => line.replace(/ # .*/, line.startsWith('#') ? '$&' : ''));
    const read = parseExposition(plain.join('\n'));
    const ours = (scraped: typeof read) => scraped.samples.filter(({ name }) => /^(sluice|gen_ai)_/.test(name));
    expect(ours(read)).toEqual(ours(before));
    expect(read.types.get('sluice_requests')).toBe('counter');
    expect(read.types.get('process_cpu_seconds')).toBe('counter');
    // The name of this gauge looks like a counter's.
    expect(read.types.get('nodejs_active_resources_total')).toBe('gauge');
  });
});

describe('bounds', () => {
  it('limit the series to those of the configuration, for all input of clients and upstreams', async () => {
    const ingress = createIngress();
    const worker = createWorker();
    const garbage = Array.from({ length: 2000 }, (_, at) => `made-up-${at}`);
    for (const word of garbage) {
      ingress.requestFinished({
        ...finished,
        model: word,
        upstream: word,
        key: word,
        status: 100 + (garbage.indexOf(word) % 900),
      });
      Reflect.apply(ingress.refused, undefined, [word, word]);
      Reflect.apply(ingress.resubmitted, undefined, [word]);
      Reflect.apply(ingress.relayDropped, undefined, [word]);
      Reflect.apply(worker.attemptEnded, undefined, [word, word]);
      Reflect.apply(worker.retried, undefined, [word, word]);
      worker.chunkGap(word, 1);
    }
    const words = { models: 2, upstreams: 1, targets: 1, queues: 1, keys: 1 };
    const sizeOf = (values: LabelValues): number => (typeof values === 'string' ? words[values] : values.length) + 2;
    for (const { samples } of [await scrape(ingress), await scrape(worker)]) {
      for (const { name, labels, buckets } of rows) {
        const combinations = Object.values(labels).reduce((product, values) => product * sizeOf(values), 1);
        const lines = combinations * (buckets === undefined ? 1 : buckets.length + 3);
        const found = samples.filter((sample) => sample.name.replace(/_(bucket|sum|count)$/, '') === name);
        expect(found.length).toBeLessThanOrEqual(lines);
        expect(found.some((sample) => Object.values(sample.labels).some((value) => value.startsWith('made-up')))).toBe(
          false,
        );
      }
    }
  });
});

describe('metricTable', () => {
  it.each(rows.map((row) => [row.name, row] as const))('follows the conventions: %s', (name, row) => {
    expect(name).toMatch(/^(sluice|gen_ai)_[a-z0-9_]+$/);
    expect(name.endsWith('_total')).toBe(row.kind === 'counter');
    if (row.kind === 'histogram') expect(name).toMatch(/_seconds$/);
    expect(row.buckets !== undefined).toBe(row.kind === 'histogram');
    expect(row.buckets).toEqual(
      row.buckets === undefined ? undefined : Array.from(new Set(row.buckets)).sort((a, b) => a - b),
    );
    expect(Object.keys(row.labels).length).toBeLessThanOrEqual(4);
    expect(Object.keys(row.labels)).not.toContain('le');
    expect(row.help).toMatch(/\.$/);
  });

  it('has unique names', () => {
    expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
  });

  it('bounds reasons by the error table', () => {
    expect(metricTable.requestErrors.labels.code).toEqual(Object.keys(errorTable));
  });
});
