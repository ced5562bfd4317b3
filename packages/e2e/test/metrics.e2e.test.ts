import { readFileSync } from 'node:fs';
import { until, verifies } from '@sluice/testkit';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { apiKey, type Sluice, startSluice, upstream } from './sluice.ts';
import { freshPage, openStream, post, startLeaver, untilOccupied } from './traffic.ts';

interface Page {
  /** Values by series in the form of the page: `name{label="value"}`. */
  readonly series: ReadonlyMap<string, number>;
  /** Types by metric name. */
  readonly types: ReadonlyMap<string, string>;
  /** Sum of all series with this name and at least these labels; 0 without one. */
  sum(name: string, labels?: Readonly<Record<string, string>>): number;
}

const isOurs = (line: string): boolean => /^(# TYPE )?(sluice|gen_ai)_/.test(line);

/** Returns Sluice's own part of a process's metrics page. */
async function readPage(url: string): Promise<Page> {
  const lines = (await freshPage(url)).split('\n').filter(isOurs);
  const types = new Map<string, string>();
  const series = new Map<string, number>();
  for (const line of lines) {
    const at = line.lastIndexOf(' ');
    const [name, value] = [line.slice(0, at), line.slice(at + 1)];
    if (name.startsWith('# TYPE ')) types.set(name.slice('# TYPE '.length), value);
    else series.set(name, Number(value));
  }
  return {
    series,
    types,
    sum(name, labels = {}) {
      const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
      let sum = 0;
      for (const [key, value] of series) {
        const isNamed = key === name || key.startsWith(`${name}{`);
        if (isNamed && wanted.every((label) => key.includes(label))) sum += value;
      }
      return sum;
    },
  };
}

let sluice: Sluice;
const ingressPage = (): Promise<Page> => readPage(sluice.fleet.ingresses[0]?.managementUrl ?? '');
const workerPage = (): Promise<Page> => readPage(sluice.fleet.workers[0]?.url ?? '');
const onceKey = 'sk-test-once-a-minute';

beforeAll(async () => {
  sluice = await startSluice({
    ingresses: 1,
    workers: 1,
    config: (simulatorUrl) => ({
      keys: [
        { name: 'test', key: apiKey },
        { name: 'once', key: onceKey, limits: { rpm: 1, rpm_burst: 1 } },
      ],
      upstreams: ['main', 'flaky', 'limited', 'broken'].map((id) => upstream(id, simulatorUrl, ['a', 'b'])),
      models: [
        { id: 'demo*', targets: [{ upstream: 'main' }] },
        { id: 'flaky*', targets: [{ upstream: 'flaky' }] },
        { id: 'limited*', targets: [{ upstream: 'limited' }] },
        { id: 'broken', targets: [{ upstream: 'broken', model: 'demo-e500' }] },
      ],
      limits: { max_concurrent_requests: 2, default_key_concurrency: 2 },
      retry: { base_delay_ms: 1, max_delay_ms: 5, max_attempts: 5 },
      circuit: { failures: 5, open_ms: 60_000 },
    }),
  });
});
afterEach(() => untilOccupied(sluice, { running: 0, waiting: 0 }));

/** Returns the increase of every series after some traffic. */
async function growth(
  traffic: () => Promise<unknown>,
): Promise<(name: string, labels?: Readonly<Record<string, string>>) => number> {
  const before = await Promise.all([ingressPage(), workerPage()]);
  await traffic();
  await untilOccupied(sluice, { running: 0, waiting: 0 });
  const after = await Promise.all([ingressPage(), workerPage()]);
  const sum = (pages: readonly Page[], ...of: Parameters<Page['sum']>): number =>
    pages.reduce((total, page) => total + page.sum(...of), 0);
  return (...of) => sum(after, ...of) - sum(before, ...of);
}

async function ask(model: string, options: { readonly key?: string; readonly stream?: boolean } = {}): Promise<number> {
  const { key = apiKey, stream = false } = options;
  // The simulator counts the attempts of each conversation, whatever its model.
  const response = await post(sluice, { model, key, content: `I ask ${model}`, fields: { stream } });
  await response.text();
  return response.status;
}

describe('the metrics of an ingress and its worker', () => {
  it('count answers, their tokens and their times', verifies('000-08', '003-09'), async () => {
    const stream = async (): Promise<unknown> => (await openStream(sluice, { model: 'demo-t10-f200-i100' })).finish();
    let inputTokens = 0;
    const grown = await growth(async () => {
      await Promise.all([stream(), stream()]);
      const whole = await post(sluice, { model: 'demo-t5' });
      const { usage } = (await whole.json()) as { readonly usage: { readonly prompt_tokens: number } };
      inputTokens = usage.prompt_tokens;
    });
    const labels = { model: 'demo*', upstream: 'main' };
    expect(grown('sluice_requests_total')).toBe(3);
    expect(grown('sluice_requests_total', { stream: 'true', outcome: 'complete', code: '2xx', model: 'demo*' })).toBe(
      2,
    );
    expect(grown('sluice_requests_total', { stream: 'false', outcome: 'complete', code: '2xx' })).toBe(1);
    expect(grown('sluice_request_errors_total')).toBe(0);
    expect(grown('sluice_tokens_total', { ...labels, type: 'output' })).toBe(25);
    expect(grown('sluice_tokens_total', { ...labels, type: 'input' })).toBe(3 * inputTokens);

    expect(grown('gen_ai_server_request_duration_seconds_count', { ...labels, code: '2xx' })).toBe(3);
    expect(grown('gen_ai_server_time_to_first_token_seconds_count', labels)).toBe(3);
    const firstTokenSeconds = grown('gen_ai_server_time_to_first_token_seconds_sum', labels);
    expect(firstTokenSeconds).toBeGreaterThan(2 * 0.2);
    expect(firstTokenSeconds).toBeLessThan(grown('gen_ai_server_request_duration_seconds_sum', labels));
    // Only for streams: nine gaps of 100 ms each, so long that a busy machine does not read two pieces as one.
    expect(grown('gen_ai_server_time_per_output_token_seconds_count', labels)).toBe(2);
    const perTokenSeconds = grown('gen_ai_server_time_per_output_token_seconds_sum', labels) / 2;
    expect(perTokenSeconds).toBeGreaterThan(0.05);
    expect(perTokenSeconds).toBeLessThan(1);
    expect(grown('sluice_upstream_chunk_gap_seconds_count', { upstream: 'main' })).toBeGreaterThanOrEqual(18);
    expect(grown('sluice_upstream_chunk_gap_seconds_sum', { upstream: 'main' })).toBeGreaterThan(2 * 9 * 0.075);

    expect(grown('sluice_upstream_attempts_total', { upstream: 'main', outcome: 'complete' })).toBe(3);
    expect(grown('sluice_upstream_attempts_total')).toBe(3);
    expect(grown('sluice_queue_wait_seconds_count')).toBe(3);
    expect(grown('sluice_admission_wait_seconds_count')).toBe(3);
    // At least started, answered, one piece and the end for each answer.
    expect(grown('sluice_relay_frames_total')).toBeGreaterThanOrEqual(3 * 4);
    expect(grown('sluice_relay_lag_seconds_count')).toBeGreaterThan(0);
    expect(grown('sluice_relay_gaps_total') + grown('sluice_relay_dropped_frames_total')).toBe(0);
    expect(grown('sluice_retries_total') + grown('sluice_resubmissions_total')).toBe(0);
  });

  it('count a failure of the provider, and that the request returns to the queue', async () => {
    const grown = await growth(async () => expect(await ask('flaky-t1-e500-n1')).toBe(200));
    expect(grown('sluice_requests_total', { model: 'flaky*', outcome: 'complete', code: '2xx' })).toBe(1);
    expect(grown('sluice_retries_total', { upstream: 'flaky', reason: 'upstream_error' })).toBe(1);
    expect(grown('sluice_resubmissions_total', { reason: 'upstream_error' })).toBe(1);
    expect(grown('sluice_upstream_attempts_total', { upstream: 'flaky', outcome: 'error' })).toBe(1);
    expect(grown('sluice_upstream_attempts_total', { upstream: 'flaky', outcome: 'complete' })).toBe(1);
    expect(grown('sluice_queue_wait_seconds_count')).toBe(2);
    expect(grown('sluice_request_errors_total') + grown('sluice_credential_cooldowns_total')).toBe(0);
  });

  it('show a credential that is in cooldown', async () => {
    await sluice.simulator.script([{ match: { model: 'limited*' }, times: 1, directives: 'e429-r30' }]);
    const grown = await growth(async () => expect(await ask('limited-t1')).toBe(200));
    const labels = { upstream: 'limited', reason: 'upstream_rate_limited' };
    expect(grown('sluice_credential_cooldowns_total', labels)).toBe(1);
    expect(grown('sluice_retries_total', labels)).toBe(1);
    // The attempt with the other credential follows at once.
    expect(grown('sluice_resubmissions_total')).toBe(0);
    const page = await workerPage();
    expect(page.sum('sluice_credentials', { upstream: 'limited', state: 'ready' })).toBe(1);
    expect(page.sum('sluice_credentials', { upstream: 'limited', state: 'cooling' })).toBe(1);
    expect(page.sum('sluice_credentials', { upstream: 'main', state: 'ready' })).toBe(2);
  });

  it('count refusals, and errors by their code', async () => {
    const grown = await growth(async () => {
      expect(await ask('demo-t1', { key: onceKey })).toBe(200);
      expect(await ask('demo-t1', { key: onceKey })).toBe(429);
      expect(await ask('demo-t1', { key: 'sk-unknown-0001' })).toBe(401);
      expect(await ask('unheard-of')).toBe(404);
    });
    expect(grown('sluice_admission_refusals_total', { reason: 'rate_limit_exceeded' })).toBe(1);
    expect(grown('sluice_requests_total', { model: 'demo*', outcome: 'refused', code: '4xx' })).toBe(1);
    expect(grown('sluice_requests_total', { model: 'none', outcome: 'error', code: '4xx' })).toBe(2);
    for (const code of ['rate_limit_exceeded', 'invalid_api_key', 'model_not_found']) {
      expect(grown('sluice_request_errors_total', { code }), code).toBe(1);
    }
    expect(grown('sluice_request_errors_total')).toBe(3);
    expect(grown('sluice_upstream_attempts_total')).toBe(1);
  });

  it('count answers that break off, resumed ones and lost ones', async () => {
    const continued = await growth(async () =>
      expect(await ask('flaky-t9-i20-reset-k4-n1', { stream: true })).toBe(200),
    );
    expect(continued('sluice_resumed_streams_total', { outcome: 'complete' })).toBe(1);
    expect(continued('sluice_burnt_tokens_total', { upstream: 'flaky' })).toBeGreaterThan(0);
    expect(continued('sluice_requests_total', { outcome: 'complete', code: '2xx', stream: 'true' })).toBe(1);

    const lost = await growth(async () => expect(await ask('flaky-t9-i20-reset-k4', { stream: true })).toBe(200));
    expect(lost('sluice_resumed_streams_total', { outcome: 'error' })).toBe(1);
    // The client got its status 200 before the break.
    expect(lost('sluice_requests_total', { outcome: 'error', code: '2xx', stream: 'true' })).toBe(1);
    expect(lost('sluice_request_errors_total')).toBe(1);
  });

  it('show a circuit that is open', async () => {
    const target = { target: 'broken/demo-e500' };
    expect((await workerPage()).sum('sluice_circuit_open', target)).toBe(0);
    // A request counts once, whatever its number of attempts.
    for (let request = 0; request < 4; request++) expect(await ask('broken')).toBe(502);
    // The fifth opens it, and then waits for the probe.
    const leaver = startLeaver(sluice, { model: 'broken' });
    await until(async () => (await workerPage()).sum('sluice_circuit_open', target) === 1, {
      what: 'the circuit to open',
    });
    leaver.leave();
  });

  it('show running and waiting requests, and count clients that leave', async () => {
    const grown = await growth(async () => {
      const leavers = [0, 1].map(() => startLeaver(sluice, { model: 'demo-t100000-i20' }));
      await untilOccupied(sluice, { running: 2, waiting: 0 });
      const waiter = startLeaver(sluice, { model: 'demo-t1' });
      await untilOccupied(sluice, { running: 2, waiting: 1 });
      await until(async () => (await workerPage()).sum('sluice_worker_active_jobs') === 2, { what: 'two runs' });
      const page = await ingressPage();
      expect(page.sum('sluice_leases_limit')).toBe(2);
      expect(page.sum('sluice_open_streams')).toBe(2);
      expect(page.sum('sluice_queue_jobs', { queue: 'chat', state: 'active' })).toBe(2);
      expect(page.sum('sluice_queue_jobs', { queue: 'chat', state: 'waiting' })).toBe(0);
      waiter.leave();
      await untilOccupied(sluice, { running: 2, waiting: 0 });
      for (const { leave } of leavers) leave();
      await Promise.all([waiter, ...leavers].map(({ over }) => over));
    });
    expect(grown('sluice_client_aborts_total')).toBe(3);
    expect(grown('sluice_requests_total', { outcome: 'cancelled' })).toBe(3);
    expect(grown('sluice_upstream_attempts_total', { outcome: 'cancelled' })).toBe(2);
    // Two cancels, as read by the worker.
    const page = await workerPage();
    expect(page.sum('sluice_relay_frames_total')).toBeGreaterThanOrEqual(2);
    expect(page.sum('sluice_worker_active_jobs')).toBe(0);
    expect((await ingressPage()).sum('sluice_open_streams')).toBe(0);
    for (const each of [page, await ingressPage()]) expect(each.sum('sluice_redis_up')).toBe(1);
  });

  it('are those of docs/metrics.md, each with its type and its labels', async () => {
    const documented = documentedMetrics();
    expect(documented.length).toBeGreaterThan(20);
    const formerNames = formerNamesOf();
    expect(formerNames.size).toBeGreaterThan(0);
    for (const [service, page] of [
      ['ingress', await ingressPage()],
      ['worker', await workerPage()],
    ] as const) {
      const expected = documented.filter(({ services }) => services.includes(service));
      const types = Object.fromEntries(page.types);
      const former = expected.flatMap(({ name, type }) => {
        const formerName = formerNames.get(name);
        return formerName === undefined ? [] : [[formerName, type] as const];
      });
      expect(types).toEqual(
        Object.fromEntries([...expected.map(({ name, type }) => [name, type] as const), ...former]),
      );
      for (const { name, labels } of expected) {
        const of = [...page.series.keys()].filter((key) => baseName(key) === name);
        for (const key of of) expect(labelsOf(key), key).toEqual(labels);
      }
    }
  });

  it('stay the same in number whatever values clients invent', async () => {
    const nonsense = async (turn: number): Promise<void> => {
      const name = `made-up-${turn}`;
      const paths = [`/v1/${name}`, `/${name}/chat/completions?${name}`, `/v1/models/${name}`];
      await Promise.all([
        ask(name),
        ask(`demo${turn}x`),
        ask('demo-t1', { key: `sk-${name}` }),
        ...paths.map(async (path) => {
          const headers = { authorization: `Bearer ${apiKey}`, 'x-request-id': name, 'user-agent': name };
          await (await fetch(`${sluice.fleet.urls[0]}${path}`, { headers })).text();
        }),
      ]);
    };
    const names = async (): Promise<string[]> =>
      [await ingressPage(), await workerPage()].flatMap(({ series }) => [...series.keys()].sort());
    await nonsense(0);
    await untilOccupied(sluice, { running: 0, waiting: 0 });
    const before = await names();
    for (let turn = 1; turn <= 300; turn += 10) {
      await Promise.all(Array.from({ length: 10 }, (_, nth) => nonsense(turn + nth)));
    }
    await untilOccupied(sluice, { running: 0, waiting: 0 });
    expect(await names()).toEqual(before);
    const page = await ingressPage();
    expect(page.sum('sluice_requests_total', { model: 'none', code: '4xx' })).toBeGreaterThanOrEqual(600);
    expect(page.sum('sluice_requests_total', { model: 'demo*', outcome: 'complete' })).toBeGreaterThanOrEqual(300);
  });
});

/** The metric's name without its labels and without the suffix of a histogram. */
const baseName = (key: string): string => key.replace(/\{.*$/, '').replace(/_seconds_(bucket|sum|count)$/, '_seconds');

const labelsOf = (key: string): string[] =>
  Array.from(key.matchAll(/[{,](\w+)="/g), ([, label = '']) => label)
    .filter((label) => label !== 'le')
    .sort();

interface Documented {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly services: readonly string[];
}

/** Returns the former names of metrics in the page, by their current names. */
function formerNamesOf(): Map<string, string> {
  const text = readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8');
  const rows = text.matchAll(/^\| `(sluice_\w+)` +\| `(sluice_\w+)` +\|$/gm);
  return new Map([...rows].map(({ 1: former = '', 2: name = '' }) => [name, former]));
}

/** Returns the rows of the page's tables. */
function documentedMetrics(): Documented[] {
  const text = readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8');
  return text.split('\n').flatMap((row) => {
    const [name = '', type = '', labels = '', services = ''] = row
      .split('|')
      .map((cell) => cell.trim())
      .slice(1);
    if (!/^`(sluice|gen_ai)_\w+`$/.test(name) || type.startsWith('`')) return [];
    const words = Array.from(labels.matchAll(/\w+/g), ([word]) => word).sort();
    return [{ name: name.slice(1, -1), type, labels: words, services: services.split(', ') }];
  });
}
