import { describe, expect, it } from 'vitest';
import { ConfigError, formatPath } from '../src/config-error.ts';

describe('formatPath', () => {
  it.each([
    [[], ''],
    [['server', 'port'], 'server.port'],
    [['keys', 0, 'limits', 'rpm'], 'keys[0].limits.rpm'],
    [['a', 1, 2], 'a[1][2]'],
    [['upstreams', 0, 'headers', 'X-Account'], 'upstreams[0].headers.X-Account'],
  ])('of %j is %s', (path, text) => {
    expect(formatPath(path)).toBe(text);
  });

  it.each(['sk-team-a-0001', 'a b', '1st', '', 'x'.repeat(41), 'ключ'])(
    'hides the name %j, which may be a misplaced secret',
    (name) => {
      expect(formatPath(['keys', 0, name])).toBe('keys[0].…');
    },
  );
});

describe('a ConfigError', () => {
  it('lists its problems below their number and the sources', () => {
    const error = new ConfigError(
      [
        { path: 'server.port', message: 'must be a number' },
        { path: 'PORT', message: 'is empty' },
      ],
      './sluice.yaml and environment',
    );
    expect(error.message.split('\n')).toEqual([
      '2 problems in the configuration (./sluice.yaml and environment):',
      '  server.port: must be a number',
      '  PORT: is empty',
    ]);
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).toMatch(/^ConfigError: 2 problems/);
  });
});
