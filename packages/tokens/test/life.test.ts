import { describe, expect, it } from 'vitest';
import { isDue, lifeOf } from '../src/life.ts';

const hour = 3_600_000;
const source = { renewBeforeMs: 45 * hour, unknownLifeMs: 10 * hour };
const token = (expiresAtMs: number | undefined, renewal?: string) => ({ value: 't', expiresAtMs, renewal });

describe('the life of a token', () => {
  it.each([
    ['so long before its end as its source says', token(48 * hour), 3 * hour],
    ['at half its life, where it is always that near to its end', token(20 * hour), 10 * hour],
    ['after a while, where nobody says when it ends', token(undefined), 10 * hour],
  ])('is renewed %s', (_when, given, renewAtMs) => {
    expect(lifeOf(given, source, 0).renewAtMs).toBe(renewAtMs);
  });

  it('goes on in Redis for the sake of its renewal', () => {
    expect(lifeOf(token(hour), source, 0).keepUntilMs).toBeLessThan(2 * hour);
    expect(lifeOf(token(hour, 'r'), source, 0).keepUntilMs).toBeGreaterThan(24 * hour);
  });

  it.each([
    [{ ...token(100 * hour), value: '' }, true],
    [token(46 * hour), false],
    [token(45 * hour), true],
    [token(undefined), false],
  ])('of one that a person brought: %j', (given, due) => {
    expect(isDue(given, source, 0)).toBe(due);
  });
});
