import { describe, expect, it } from 'vitest';
import { problemsOf } from './promql.ts';

describe('problemsOf', () => {
  it.each([
    ['sum by (outcome) (rate(sluice_requests_total{model=~"$model"}[5m]))', []],
    ['sluice_request_total', ['no metric sluice_request_total']],
    ['sluice_queue_wait_seconds', ['no metric sluice_queue_wait_seconds']],
    ['rate(sluice_queue_wait_seconds_bucket{le="1"}[5m])', []],
    ['sluice_queue_wait_seconds_count{le="1"}', ['sluice_queue_wait_seconds_count has no label le']],
    ['sum(sluice_tokens_total{type="input", key="a"})', ['sluice_tokens_total has no label key']],
    ['sum by (key) (sluice_tokens_total)', ['nothing in "sum by (key) (sluice_tokens_total)" has a label key']],
    ['sluice:made_up > 0', ['no metric sluice:made_up']],
  ])('judges %s', (expr, problems) => {
    expect(problemsOf(expr)).toEqual(problems);
  });
});
