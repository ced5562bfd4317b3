import { describe, expect, it } from 'vitest';
import { readKeyArguments } from '../../src/keys/arguments.ts';

const requestOf = (line: string) => readKeyArguments(line.split(' ')).request;

describe('npm run keys', () => {
  it.each([
    ['list --team blue --limit 5', { method: 'GET', path: '/v1/auth/keys?limit=5&team=blue' }],
    ['show key_1', { method: 'GET', path: '/v1/auth/keys/key_1' }],
    [
      'create batch --rpm 60 --month-usd 12.5 --model gpt-* --model o*',
      {
        method: 'POST',
        path: '/v1/auth/keys',
        body: { name: 'batch', limits: { rpm: 60 }, budgets: { month_usd: 12.5 }, models: ['gpt-*', 'o*'] },
      },
    ],
    [
      'change key_1 --team none --expires-at 2027-01-31',
      { method: 'PATCH', path: '/v1/auth/keys/key_1', body: { team: null, expires_at: '2027-01-31' } },
    ],
    ['revoke key_1 --end-streams', { method: 'DELETE', path: '/v1/auth/keys/key_1?end_streams=true' }],
    [
      'rotate key_1 --overlap 60',
      { method: 'POST', path: '/v1/auth/keys/key_1/rotate', body: { overlap_seconds: 60 } },
    ],
    ['teams', { method: 'GET', path: '/v1/auth/teams' }],
    ['teams create blue --rpm 9', { method: 'POST', path: '/v1/auth/teams', body: { id: 'blue', limits: { rpm: 9 } } }],
    ['teams remove blue', { method: 'DELETE', path: '/v1/auth/teams/blue' }],
  ])('%s', (line, request) => {
    expect(requestOf(line)).toEqual(request);
  });

  it.each(['--help', 'list --help'])('shows its help for %s', (line) => {
    expect(requestOf(line)).toBeUndefined();
  });

  it.each([
    ['sing', 'There is no command "sing"'],
    ['show', 'The command needs'],
    ['list a b', 'is one argument too many'],
    ['create a --rpm many', '"many" must be a number'],
    ['create a --colour red', "Unknown option '--colour'"],
  ])('refuses %s', (line, message) => {
    expect(() => requestOf(line)).toThrow(message);
  });
});
