import { describe, expect, it } from 'vitest';
import { anyKey, load, problemsOf } from './load.ts';

type Env = Readonly<Record<string, string>>;

describe('the environment of a profile', () => {
  const problems = (env: Env): string[] => problemsOf(() => load(env));

  it('must be that of a known gateway', () => {
    expect(problems({ ...anyKey, SLUICE_COMPAT: 'one-api' })).toEqual([
      'SLUICE_COMPAT: must be one of zai-proxy, z2api, bailian-proxy, unified-proxy, iflow2api',
    ]);
  });

  it('keeps the valid variables if one is invalid', () => {
    const env = {
      SLUICE_COMPAT: 'z2api',
      DEFAULT_KEY: 'sk-own-key-0001',
      SLUICE_SECRET_KEY: 'sixteen-letters-and-more',
    };
    const wrong = [
      ['PORT', 'abc', 'PORT: must be a whole number from 0 to 65535'],
      ['LOG_LEVEL', 'loud', 'LOG_LEVEL: must be one of trace, debug, info, warn, error, fatal, silent'],
      ['HTTPS_PROXY', 'socks5://a', expect.stringMatching(/^HTTPS_PROXY: .*SOCKS is not supported/)],
    ] as const;
    for (const [name, text, problem] of wrong) expect(problems({ ...env, [name]: text })).toEqual([problem]);
    // The keys of an unknown profile are unknown, so they are not reported as missing.
    expect(problems({ ...env, SLUICE_COMPAT: 'z3api' })).toEqual([
      expect.stringMatching(/^SLUICE_COMPAT: must be one of/),
    ]);
    expect(problems({ SLUICE_COMPAT: 'z2api', SLUICE_SECRET_KEY: 'short', PORT: 'abc' })).toEqual([
      'PORT: must be a whole number from 0 to 65535',
      expect.stringMatching(/^DEFAULT_KEY: is missing/),
      expect.stringMatching(/^SLUICE_SECRET_KEY: must be a secret of at least 16 characters/),
    ]);
  });

  it('names the maximum if a number is too large', () => {
    expect(problems({ ...anyKey, SLUICE_COMPAT: 'z2api', CONNECTION_QUEUE_SIZE: '9'.repeat(16) })).toEqual([
      'CONNECTION_QUEUE_SIZE: must be a whole number from 0 to 999999999999999',
    ]);
  });

  it.each([
    [{ SLUICE_COMPAT: 'unified-proxy', API_KEY: 'sk-own-0001', BASE_URL: 'http://h/v1' }, 8000],
    [{ SLUICE_COMPAT: 'z2api', SLUICE_SECRET_KEY: 'secret-of-the-operator' }, 8080],
  ])('chooses the port for clients: %o', (env, port) => {
    expect(load({ ...anyKey, ...env }).server).toMatchObject({ port, isPortUsual: false });
  });

  it('listens on loopback if anonymous access is on, unless HOST is set', () => {
    const env = { SLUICE_COMPAT: 'unified-proxy', API_KEY: 'sk-real-upstream', ALLOW_ANONYMOUS_ACCESS: 'true' };
    const hostOf = (more: Env): string => load({ ...env, ...more }).server.host;
    expect(hostOf({})).toBe('127.0.0.1');
    expect(hostOf({ HOST: '0.0.0.0' })).toBe('0.0.0.0');
    expect(hostOf({ ALLOW_ANONYMOUS_ACCESS: 'false', SLUICE_API_KEYS: 'sk-real-0001' })).toBe('0.0.0.0');
  });
});
