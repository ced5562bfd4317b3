import { describe, expect, it } from 'vitest';
import { isRedisUnavailable } from '../src/index.ts';

describe('Redis being unavailable', () => {
  it.each([
    'Connection is closed.',
    'Command timed out',
    "Stream isn't writeable and enableOfflineQueue options is false",
    'connect ECONNREFUSED 127.0.0.1:6379',
    'getaddrinfo ENOTFOUND redis.internal',
    'LOADING Redis is loading the dataset in memory',
    "READONLY You can't write against a read only replica.",
    "OOM command not allowed when used memory > 'maxmemory'.",
    'CLUSTERDOWN The cluster is down',
    'WRONGPASS invalid username-password pair or user is disabled.',
  ])('is the meaning of: %s', (message) => {
    expect(isRedisUnavailable(new Error(message))).toBe(true);
  });

  it('is found in wrapped errors', () => {
    expect(isRedisUnavailable(new Error('flush', { cause: new Error('Connection is closed.') }))).toBe(true);
    const cluster = Object.assign(new Error('Failed'), { lastNodeError: new Error('connect ECONNREFUSED') });
    expect(isRedisUnavailable(cluster)).toBe(true);
  });

  it.each([
    ['a bug', new Error('WRONGTYPE Operation against a key holding the wrong kind of value')],
    ['a script that breaks', new Error('ERR Error running script: user_script:1: boom')],
    ['a word in the middle', new Error('the user wrote OOM')],
    ['no error', 'Connection is closed.'],
  ])('is not %s', (_what, error) => {
    expect(isRedisUnavailable(error)).toBe(false);
  });
});
