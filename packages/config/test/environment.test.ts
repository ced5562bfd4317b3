import { describe, expect, it } from 'vitest';
import { verifies } from '@sluice/testkit';
import { readProxies } from '@sluice/config';
import { variables } from '../src/environment.ts';
import { anyKey, errorOf, load, problemsOf, routing } from './load.ts';

describe('the environment', () => {
  it.each([
    [{ PORT: '65536' }, 'PORT: must be a whole number from 0 to 65535'],
    [{ PORT: '-1' }, 'PORT: must be a whole number from 0 to 65535'],
    [{ PORT: '0x50' }, 'PORT: must be a whole number from 0 to 65535'],
    [{ PORT: ' 80' }, 'PORT: must be a whole number from 0 to 65535'],
    [{ METRICS_PORT: '9464.5' }, 'METRICS_PORT: must be a whole number from 0 to 65535'],
    [{ SIMULATOR_PORT: 'auto' }, 'SIMULATOR_PORT: must be a whole number from 0 to 65535'],
    [{ DRAIN_TIMEOUT_MS: '2m' }, 'DRAIN_TIMEOUT_MS: must be a whole number of milliseconds from 0 to 2147483647'],
    [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL: must be one of trace, debug, info, warn, error, fatal, silent'],
    [
      { SLUICE_SECRET_KEY: 'fifteen-letters' },
      'SLUICE_SECRET_KEY: must be a secret of at least 16 characters, the same for all replicas',
    ],
    [
      { REDIS_URL: 'localhost:6379' },
      'REDIS_URL: must be a URL such as redis://host:6379 or rediss://user:password@host:6380/0',
    ],
    [
      { SLUICE_API_KEYS: 'sk-good-key,,sk-other-key' },
      'SLUICE_API_KEYS[1]: is empty; it must be at least 8 characters without spaces',
    ],
    [{ SLUICE_API_KEYS: 'sk-good-key,short' }, 'SLUICE_API_KEYS[1]: must be at least 8 characters without spaces'],
    [
      { SLUICE_API_KEYS: 'sk-one-key,sk-one-key' },
      'SLUICE_API_KEYS[1]: is the same key as number 0; remove one of them',
    ],
  ])('refuses %o', (env, problem) => {
    expect(problemsOf(undefined, { ...anyKey, ...env })).toEqual([problem]);
  });

  it.each(['http://x', '0.0.0.0:80', '[::]', '[::1]:80', 'localhost:80', '*', ':80', '-h', 'a b'])(
    'refuses the host %s',
    (host) => {
      for (const name of ['HOST', 'METRICS_HOST']) {
        expect(problemsOf(undefined, { ...anyKey, [name]: host })).toEqual([
          `${name}: must be a host name or address, without a port and without brackets`,
        ]);
      }
    },
  );

  it.each(['0.0.0.0', '::', '::1', 'fe80::1%eth0', '::ffff:127.0.0.1', 'localhost', 'box-1.example.'])(
    'accepts the host %s',
    (host) => {
      expect(load(undefined, { ...anyKey, HOST: host }).server.host).toBe(host);
    },
  );

  it('accepts both names of the level of warnings', verifies('003-24'), () => {
    expect(load(undefined, { ...anyKey, LOG_LEVEL: 'WARNING' }).log.level).toBe('warn');
  });

  it("accepts Python's name of the highest level", () => {
    expect(load(undefined, { ...anyKey, LOG_LEVEL: 'CRITICAL' }).log.level).toBe('fatal');
  });

  it.each(Object.keys(variables))('treats an empty %s as not set, also in readProxies', (name) => {
    const { warnings: _, ...config } = load(undefined, { [name]: '', ...anyKey });
    const { warnings: _none, ...usual } = load(undefined);
    expect(config).toEqual(usual);
    const empty = { [name]: '', [name.toLowerCase()]: '' };
    expect(readProxies(empty)).toEqual(readProxies({}));
  });

  it('reads a proxy if the other spelling is empty', () => {
    const { https } = readProxies({ https_proxy: '', HTTPS_PROXY: 'proxy.example:3128' });
    expect(https?.url).toBe('http://proxy.example:3128');
  });

  it('keeps the valid variables if one is invalid', () => {
    const env = { SLUICE_API_KEYS: 'sk-own-key-0001', SLUICE_SECRET_KEY: 'sixteen-letters-and-more' };
    const wrong = [
      ['PORT', 'abc', 'must be a whole number from 0 to 65535'],
      ['LOG_LEVEL', 'loud', 'must be one of trace, debug, info, warn, error, fatal, silent'],
      ['HTTPS_PROXY', 'socks5://a', expect.stringContaining('SOCKS is not supported')],
    ] as const;
    for (const [path, text, message] of wrong) {
      const { problems } = errorOf(() => load(undefined, { ...env, [path]: text }));
      expect(problems).toEqual([{ path, message }]);
    }
  });

  it('must not name another gateway if the program has no profiles', () => {
    expect(problemsOf(undefined, { ...anyKey, SLUICE_COMPAT: 'z2api' })).toEqual([
      'SLUICE_COMPAT: must not be set: this program cannot replace other gateways',
    ]);
  });

  it('does not read names that have different meanings in different gateways', verifies('000-12', '003-31'), () => {
    const env = { ...anyKey, API_KEY: 'x', REQUEST_TIMEOUT: '1', DEBUG_MODE: 'true', STREAM_TIMEOUT: '1' };
    expect(load(routing, env)).toEqual(load(routing));
  });

  it('refuses a key that is also in the file', () => {
    expect(
      problemsOf('keys: [{ name: a, key: sk-twice-0001 }]', { SLUICE_API_KEYS: 'sk-other-0001,sk-twice-0001' }),
    ).toEqual(['SLUICE_API_KEYS[1]: is the same key as keys[0] of the file; remove one of them']);
  });

  it('ignores addresses that Kubernetes sets for services', () => {
    const links = Object.keys(variables)
      .filter((name) => name.endsWith('PORT'))
      .map((name) => [name, 'tcp://10.0.0.1:9464'] as const);
    expect(links.map(([name]) => name)).toEqual(['PORT', 'METRICS_PORT', 'SIMULATOR_PORT']);
    const { notes, ...config } = load(undefined, { ...anyKey, ...Object.fromEntries(links) });
    const { notes: none, ...usual } = load(undefined);
    expect(none).toEqual([]);
    expect(config).toEqual(usual);
    expect(notes).toEqual(
      links.map(
        ([name]) => `${name}=tcp://10.0.0.1:9464 is ignored: it is the address of a Kubernetes service, not a setting`,
      ),
    );
  });

  it.each(['udp://10.0.0.1:53', 'sctp://10.0.0.1:1', 'tcp://[fd00::1]:9464'])('does not treat %s as a port', (text) => {
    expect(load(undefined, { ...anyKey, METRICS_PORT: text }).worker.metricsPort).toBe(9464);
  });

  it('does not treat other addresses as those of Kubernetes', () => {
    const problem = 'METRICS_PORT: must be a whole number from 0 to 65535';
    expect(problemsOf(undefined, { ...anyKey, METRICS_PORT: 'http://10.0.0.1:9464' })).toEqual([problem]);
  });

  it('has existing settings in its documentation', () => {
    for (const { settings } of Object.values(variables)) {
      for (const path of settings) expect(path).toMatch(/^(?:keys|[a-z]+\.[a-z_]+)$/);
    }
  });
});
