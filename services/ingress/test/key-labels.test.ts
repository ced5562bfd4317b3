import { createMetrics } from '@sluice/telemetry';
import { describe, expect, it } from 'vitest';
import { keyLabels } from '../src/key-labels.ts';

describe('keyLabels', () => {
  it('has each name once, even if two keys share it', () => {
    expect(keyLabels([{ name: 'a' }, { name: 'b' }, { name: 'a' }])).toEqual(['a', 'b']);
  });

  it('gives only the first hundred names a series of their own', async () => {
    const keys = Array.from({ length: 150 }, (_, at) => ({ name: `team-${at}` }));
    const metrics = createMetrics({ service: 'ingress', models: [], upstreams: [], keys: keyLabels(keys) });
    for (const { name } of keys) metrics.refused('rate_limit_exceeded', name);
    const { body } = await metrics.render();
    const lines = body.split('\n').filter((line) => line.startsWith('sluice_admission_refusals_total{'));
    expect(lines).toHaveLength(101);
    expect(lines).toContain('sluice_admission_refusals_total{reason="rate_limit_exceeded",key="team-99"} 1');
    expect(lines).toContain('sluice_admission_refusals_total{reason="rate_limit_exceeded",key="other"} 50');
  });
});
