import { expect, it } from 'vitest';
import { type ErrorCode, blameOf, blames, errorTable } from '../../src/index.ts';

const codes = Object.keys(errorTable) as ErrorCode[];

it.each(codes)('names the cause of %s', (code) => {
  expect(blames).toContain(blameOf(code));
});

it.each([
  ['invalid_type', 'client'],
  ['rate_limit_exceeded', 'client'],
  ['model_not_found', 'client'],
  ['client_too_slow', 'client'],
  ['request_cancelled', 'client'],
  ['upstream_rate_limited', 'upstream'],
  ['upstream_timeout', 'upstream'],
  ['upstream_truncated', 'upstream'],
  ['upstream_authentication', 'operator'],
  ['queue_timeout', 'operator'],
  ['redis_unavailable', 'operator'],
  ['records_unavailable', 'operator'],
  ['worker_lost', 'gateway'],
  ['internal_error', 'gateway'],
] as const)('blames %s on the %s', (code, blame) => {
  expect(blameOf(code)).toBe(blame);
});
