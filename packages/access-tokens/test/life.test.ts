import { describe, expect, it } from 'vitest';
import { isDue, lifeOf } from '../src/life.ts';

const hour = 3_600_000;
const source = { renewBeforeMs: 45 * hour, unknownLifeMs: 10 * hour };
const token = (expiresAtMs: number | undefined, renewal?: string) => ({ value: 't', expiresAtMs, renewal });

describe('the life of an access token', () => {
  it.each([
    ['its lead time before its expiry', token(48 * hour), 3 * hour],
    ['at half its life, if that is shorter than its lead time', token(20 * hour), 10 * hour],
    ['after a default time, if its expiry is unknown', token(undefined), 10 * hour],
  ])('is renewed %s', (_when, given, renewAtMs) => {
    expect(lifeOf(given, source, 0).renewAtMs).toBe(renewAtMs);
  });

  it('is kept in Redis for its renewal', () => {
    expect(lifeOf(token(hour), source, 0).keepUntilMs).toBeLessThan(2 * hour);
    expect(lifeOf(token(hour, 'r'), source, 0).keepUntilMs).toBeGreaterThan(24 * hour);
  });

  it.each([
    [{ ...token(100 * hour), value: '' }, true],
    [token(46 * hour), false],
    [token(45 * hour), true],
    [token(undefined), false],
  ])('of a token provided by a person: %j', (given, due) => {
    expect(isDue(given, source, 0)).toBe(due);
  });
});
