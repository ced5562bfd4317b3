import { expect, it } from 'vitest';
import { timeParameter } from '../../src/admin/read-query.ts';

it.each([
  ['2026-11-30T12:00:00Z', Date.UTC(2026, 10, 30, 12)],
  ['1796040000000', 1_796_040_000_000],
])('takes the time %s', (text, ms) => {
  expect(timeParameter.parse(text)).toBe(ms);
});

// PostgreSQL has no time before the year 4714 BC, nor after 294276.
it.each(['', 'soon', '-271821-04-20T00:00:00Z', '+275760-09-13T00:00:00Z'])('refuses the time %j', (text) => {
  expect(timeParameter.safeParse(text).success).toBe(false);
});
