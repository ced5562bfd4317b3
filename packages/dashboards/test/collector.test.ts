import { loadConfig } from '@sluice/config';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readText, wordsOfTracing } from './repository.ts';

interface Policy {
  readonly name: string;
  readonly type: string;
  readonly numeric_attribute?: { readonly key: string; readonly min_value: number };
  readonly status_code?: { readonly status_codes: readonly string[] };
  readonly probabilistic?: { readonly sampling_percentage: number };
}
interface Collector {
  readonly processors: {
    readonly tail_sampling: {
      readonly decision_wait: string;
      readonly decision_wait_after_root_received: string;
      readonly policies: readonly Policy[];
    };
  };
  readonly service: { readonly pipelines: Readonly<Record<string, { readonly processors?: readonly string[] }>> };
}

const collector = parse(readText('deploy/otel/collector.yaml')) as Collector;
const sampling = collector.processors.tail_sampling;
/** Returns the default in `${env:NAME:-660s}`. */
const secondsOf = (setting: string): number => Number(/:-(\d+)s\}$/.exec(setting)?.[1]);

describe('deploy/otel/collector.yaml', () => {
  it('waits longer than the longest stream that the defaults allow', () => {
    const { timeouts } = loadConfig({ env: { SLUICE_API_KEYS: 'sk-only-for-its-defaults' }, cwd: '/nowhere' });
    const longestMs = Math.max(timeouts.totalMs, timeouts.streamTotalMs);
    expect(secondsOf(sampling.decision_wait) * 1000).toBeGreaterThan(longestMs);
  });

  it('waits after the root span longer than the 5 s for which services keep finished spans', () => {
    expect(secondsOf(sampling.decision_wait_after_root_received)).toBeGreaterThan(5);
  });

  it('keeps errors, late first tokens, resumed streams and one in a hundred of the rest', () => {
    const [errors, late, resumed, rest, ...more] = sampling.policies;
    expect(errors?.status_code?.status_codes).toEqual(['ERROR']);
    expect(late?.numeric_attribute).toMatchObject({ key: 'sluice.ttft_ms', min_value: 2500 });
    expect(resumed?.numeric_attribute).toMatchObject({ key: 'sluice.resumptions', min_value: 1 });
    expect(rest?.probabilistic?.sampling_percentage).toBe(1);
    expect(more).toEqual([]);
  });

  it('samples by attributes that spans have', () => {
    const attributes = wordsOfTracing('Span', 3);
    const judged = sampling.policies.flatMap(({ numeric_attribute: numeric }) => numeric?.key ?? []);
    expect([...attributes]).toEqual(expect.arrayContaining(judged));
  });

  it('samples after the memory limit', () => {
    expect(collector.service.pipelines['traces']?.processors).toEqual(['memory_limiter', 'tail_sampling', 'batch']);
  });
});

describe('deploy/otel/service-graph.yaml', () => {
  it('adds pipelines with their own names, which take spans before sampling', () => {
    const graph = parse(readText('deploy/otel/service-graph.yaml')) as Collector;
    expect(Object.keys(graph.service.pipelines)).toEqual(['traces/graph', 'metrics/graph']);
    expect(graph.service.pipelines['traces/graph']?.processors).toEqual(['memory_limiter', 'filter/attempts']);
    const text = readText('deploy/otel/service-graph.yaml');
    const attributes = [...wordsOfTracing('Span', 3)];
    for (const name of ['gen_ai.operation.name', 'sluice.upstream', 'server.address']) {
      expect(text).toContain(name);
      expect(attributes).toContain(name);
    }
  });
});
