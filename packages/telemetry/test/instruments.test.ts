import fc from 'fast-check';
import { Histogram, Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { createInstruments } from '../src/instruments.ts';
import type { MetricRow } from '../src/metric-row.ts';
import { parseExposition } from './exposition.ts';

const row = (own: Pick<MetricRow, 'name' | 'kind'> & Partial<MetricRow>): MetricRow => ({
  services: ['ingress'],
  labels: {},
  help: 'Help.',
  ...own,
});

function create() {
  const registry = new Registry();
  const configured = { models: ['m1', 'we"ird\\\n'], upstreams: ['u1'], targets: [], queues: ['chat'], keys: [] };
  const instruments = createInstruments({ registry, configured });
  return { ...instruments, scrape: async () => parseExposition(await registry.metrics()) };
}

describe('createInstruments', () => {
  it('prints name, help and type of each metric, even without values', async () => {
    const { counter, gauge, histogram, scrape } = create();
    counter(row({ name: 'a_total', kind: 'counter' }));
    gauge(row({ name: 'b', kind: 'gauge', labels: { model: 'models' } }));
    histogram(row({ name: 'c_seconds', kind: 'histogram', buckets: [1] }));
    const { types, helps, samples } = await scrape();
    expect(Object.fromEntries(types)).toEqual({ a_total: 'counter', b: 'gauge', c_seconds: 'histogram' });
    expect(Array.from(helps.values())).toEqual(['Help.', 'Help.', 'Help.']);
    expect(samples).toEqual([]);
  });

  it('prints a metric that has a new name under its former one too', async () => {
    const { gauge, scrape } = create();
    gauge(row({ name: 'sluice_circuit_open', kind: 'gauge' })).at().value = 3;
    const { value, helps } = await scrape();
    expect([value('sluice_circuit_open'), value('sluice_breaker_open')]).toEqual([3, 3]);
    expect(helps.get('sluice_breaker_open')).toBe('Former name of sluice_circuit_open.');
  });

  it('prints counters and gauges with their labels', async () => {
    const { counter, gauge, scrape } = create();
    const requests = counter(row({ name: 'a_total', kind: 'counter', labels: { model: 'models', ok: ['true'] } }));
    requests.at('m1', 'true').value += 2;
    requests.at('unheard-of').value++;
    gauge(row({ name: 'b', kind: 'gauge' })).at().value = -1.5;
    const { value } = await scrape();
    expect(value('a_total', { model: 'm1', ok: 'true' })).toBe(2);
    expect(value('a_total', { model: 'other', ok: 'none' })).toBe(1);
    expect(value('b')).toBe(-1.5);
  });

  it('escapes label values from the configuration', async () => {
    const { counter, scrape } = create();
    counter(row({ name: 'a_total', kind: 'counter', labels: { model: 'models' } })).at('we"ird\\\n').value++;
    const { value } = await scrape();
    expect(value('a_total', { model: 'we\\"ird\\\\\\n' })).toBe(1);
  });

  it('prints the same histogram as prom-client itself', async () => {
    const finite = fc.oneof(fc.constantFrom(0, 0.1, 1, 10), fc.double({ min: 0, max: 100, noNaN: true }));
    await fc.assert(
      fc.asyncProperty(fc.array(finite, { minLength: 1, maxLength: 50 }), async (values) => {
        const buckets = [0.1, 1, 10];
        const { histogram, scrape } = create();
        const ours = histogram(row({ name: 'c_seconds', kind: 'histogram', buckets, labels: { model: 'models' } }));
        const registry = new Registry();
        const theirs = new Histogram({
          name: 'c_seconds',
          help: 'Help.',
          buckets,
          labelNames: ['model'],
          registers: [registry],
        });
        for (const value of values) {
          ours.at('m1').observe(value);
          theirs.observe({ model: 'm1' }, value);
        }
        expect((await scrape()).samples).toEqual(parseExposition(await registry.metrics()).samples);
      }),
      { numRuns: 50 },
    );
  });

  it('keeps the latest recorded trace of each bucket as its exemplar', () => {
    const cell = create()
      .histogram(row({ name: 'c_seconds', kind: 'histogram', buckets: [1, 2] }))
      .at();
    cell.observe(0.5, 'first');
    cell.observe(0.7, 'second');
    cell.observe(0.9);
    cell.observe(9, 'third');
    const examples = cell
      .samples()
      .map(({ suffix, le, exemplar }) => [suffix, le, exemplar?.labelSet.trace_id, exemplar?.value]);
    expect(examples).toEqual([
      ['_bucket', '1', 'second', 0.7],
      ['_bucket', '2', undefined, undefined],
      ['_bucket', '+Inf', 'third', 9],
      ['_sum', undefined, undefined, undefined],
      ['_count', undefined, undefined, undefined],
    ]);
  });

  it('counts negative values as 0 and ignores values that are not finite', async () => {
    const { histogram, scrape } = create();
    const cell = histogram(row({ name: 'c_seconds', kind: 'histogram', buckets: [1] })).at();
    for (const value of [-5, Number.NaN, Infinity, 2]) cell.observe(value);
    const { value } = await scrape();
    expect(value('c_seconds_count')).toBe(2);
    expect(value('c_seconds_sum')).toBe(2);
    expect(value('c_seconds_bucket', { le: '1' })).toBe(1);
    expect(value('c_seconds_bucket', { le: '+Inf' })).toBe(2);
  });
});
