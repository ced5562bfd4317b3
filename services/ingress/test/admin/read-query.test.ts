import { describe, expect, it } from 'vitest';
import { timeParameter } from '../../src/admin/read-query.ts';

describe('a time in a query', () => {
  it.each([
    ['2026-11-30T12:00:00Z', 1_796_040_000_000],
    ['1796040000000', 1_796_040_000_000],
    ['1970-01-01T00:00:00Z', 0],
    ['9999-12-31T23:59:59.999Z', 253_402_300_799_999],
  ])('may be %s', (text, ms) => {
    expect(timeParameter.parse(text)).toBe(ms);
  });

  // PostgreSQL refuses some of them, and the begin of the last 30 days would be no time at all.
  it.each([
    '',
    'yesterday',
    '1969-12-31T23:59:59Z',
    '-271821-04-20T00:00:00Z',
    '+010000-01-01T00:00:00Z',
    '253402300800000',
  ])('may not be "%s"', (text) => {
    expect(timeParameter.safeParse(text).success).toBe(false);
  });
});
