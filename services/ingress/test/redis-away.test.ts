import { describe, expect, it } from 'vitest';
import { asRedisAway, redisAway } from '../src/redis-away.ts';

describe('the error for an absent Redis', () => {
  it.each([
    new Error('Connection is closed.'),
    new Error('Command timed out'),
    new Error('outer', { cause: new Error('Command timed out') }),
  ])('is the answer to a failed command: %s', (cause) => {
    expect(asRedisAway(cause)).toMatchObject({ code: 'redis_unavailable', status: 503, retryAfterMs: 1000, cause });
  });

  it.each([new Error('boom'), 'text', undefined, new Error('ERR user_script:1: boom')])(
    'does not stand for another fault: %s',
    (cause) => {
      expect(asRedisAway(cause)).toBeUndefined();
    },
  );

  it('lets the client try again in a second', () => {
    expect(redisAway()).toMatchObject({ code: 'redis_unavailable', retryAfterMs: 1000, retryable: true });
  });
});
