import { describe, expect, it } from 'vitest';
import { createTokenBuckets } from '../../src/middleware/token-buckets.ts';

describe('a bucket', () => {
  it('is empty after its burst, and refills', () => {
    let now = 0;
    const buckets = createTokenBuckets({ perMinute: 60, burst: 2, now: () => now });
    expect(buckets.isEmpty('a')).toBe(false);
    buckets.take('a', 1);
    expect(buckets.isEmpty('a')).toBe(false);
    buckets.take('a', 1);
    expect(buckets.isEmpty('a')).toBe(true);
    expect(buckets.isEmpty('b')).toBe(false);
    expect(buckets.waitMs('a')).toBe(1000);
    now = 999;
    expect(buckets.isEmpty('a')).toBe(true);
    now = 1000;
    expect(buckets.isEmpty('a')).toBe(false);
    now = 60_000;
    buckets.take('a', 1);
    expect(buckets.isEmpty('a')).toBe(false);
  });

  it('has a debt of at most one burst', () => {
    const buckets = createTokenBuckets({ perMinute: 60, burst: 2, now: () => 0 });
    buckets.take('a', 1_000_000);
    expect(buckets.waitMs('a')).toBe(3000);
  });

  it('is removed when ten thousand others have been used after it', () => {
    const buckets = createTokenBuckets({ perMinute: 60, burst: 1, now: () => 0 });
    buckets.take('first', 1);
    buckets.take('second', 1);
    buckets.take('first', 1);
    for (let count = 0; count < 9999; count++) buckets.take(`${count}`, 1);
    expect(buckets.isEmpty('second')).toBe(false);
    expect(buckets.isEmpty('first')).toBe(true);
  });
});
