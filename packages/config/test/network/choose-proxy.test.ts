import { createChooseProxy } from '@sluice/config';
import { describe, expect, it } from 'vitest';
import { load, problemsOf, routing } from '../load.ts';

/** Returns the proxy of a call under these variables, without its secret. */
function proxyFor(url: string, env: Readonly<Record<string, string>>): string | undefined {
  const { proxies } = load(routing, { SLUICE_API_KEYS: 'sk-any-key-0001', ...env });
  return createChooseProxy(proxies)(new URL(url))?.url;
}

const both = { HTTP_PROXY: 'http://plain:3128', HTTPS_PROXY: 'http://secure:3129' };

describe('the proxies of the environment', () => {
  it('are chosen by the scheme of the URL', () => {
    expect(proxyFor('http://a.example/v1', both)).toBe('http://plain:3128');
    expect(proxyFor('https://a.example/v1', both)).toBe('http://secure:3129');
    expect(proxyFor('https://a.example/v1', { HTTP_PROXY: 'http://plain:3128' })).toBeUndefined();
  });

  it('may have lower-case names, which win, and no scheme', () => {
    expect(proxyFor('https://a.example/v1', { ...both, https_proxy: 'other:8080' })).toBe('http://other:8080');
    expect(proxyFor('https://a.example/v1', { ...both, https_proxy: '' })).toBe('http://secure:3129');
    expect(proxyFor('https://a.example/v1', { ...both, no_proxy: 'a.example', NO_PROXY: 'b.example' })).toBeUndefined();
  });

  it('fall back on ALL_PROXY', () => {
    const all = { ALL_PROXY: 'https://all:443' };
    expect(proxyFor('http://a.example', all)).toBe('https://all');
    expect(proxyFor('https://a.example', { ...all, HTTPS_PROXY: 'http://secure:3129' })).toBe('http://secure:3129');
  });

  it.each([
    'http://localhost:9900',
    'http://127.0.0.1:9900',
    'http://127.8.9.1',
    'http://[::1]:1',
    'http://LOCALHOST.',
  ])('are not used for this machine: %s', (url) => {
    expect(proxyFor(url, both)).toBeUndefined();
  });

  it.each([
    ['a.example', 'https://a.example', true],
    ['a.example', 'https://x.a.example', true],
    ['a.example', 'https://xa.example', false],
    ['.a.example', 'https://a.example', true],
    ['*.a.example', 'https://x.a.example', true],
    ['*.a.example', 'https://a.example', false],
    ['b.example , A.Example.', 'https://a.EXAMPLE', true],
    ['b.example a.example', 'https://a.example', true],
    ['a.example:443', 'https://a.example', true],
    ['a.example:8443', 'https://a.example', false],
    ['a.example:80', 'http://a.example', true],
    ['*', 'https://a.example', true],
    ['*:8443', 'https://a.example', false],
    ['10.0.0.0/8', 'http://10.1.2.3', true],
    ['10.0.0.0/8', 'http://11.1.2.3', false],
    ['10.1.2.3', 'http://10.1.2.3:8000', true],
    ['10.1.2.3:8000', 'http://10.1.2.3', false],
    ['fd00::/8', 'http://[fd12::1]', true],
    ['fd12::1', 'http://[fd12::1]:80', true],
    ['[fd12::1]:81', 'http://[fd12::1]:80', false],
    ['10.0.0.0/99, //, :, a b/c', 'http://10.1.2.3', false],
  ])('are not used for hosts in NO_PROXY: %s, %s: %s', (exempt, url, isExempt) => {
    expect(proxyFor(url, { ...both, NO_PROXY: exempt }) === undefined).toBe(isExempt);
  });

  it('have user and password in a secret header', () => {
    const { proxies } = load(routing, {
      SLUICE_API_KEYS: 'sk-any-key-0001',
      HTTPS_PROXY: 'http://us%40er:p%2Fw@secure:3129',
    });
    expect(proxies.https?.url).toBe('http://secure:3129');
    const value = proxies.https?.authorization?.reveal() ?? '';
    expect(Buffer.from(value.replace('Basic ', ''), 'base64').toString()).toBe('us@er:p/w');
    expect(JSON.stringify(proxies)).not.toContain(value.slice(6));
  });

  it('that are invalid are a problem that names the variable and no secret', () => {
    for (const HTTPS_PROXY of ['socks5://user:hidden@a:1080', 'http://', 'http://user:hidden@a:3128/path', '%']) {
      const [problem = '', ...others] = problemsOf(routing, { SLUICE_API_KEYS: 'sk-any-key-0001', HTTPS_PROXY });
      expect(others).toEqual([]);
      expect(problem).toMatch(/^HTTPS_PROXY: must be an http or https URL of a proxy/);
      expect(problem).not.toContain('hidden');
    }
  });

  it('do not include a SOCKS proxy of ALL_PROXY, with a warning', () => {
    const env = { SLUICE_API_KEYS: 'sk-any-key-0001', ALL_PROXY: 'socks5://user:hidden@127.0.0.1:1080' };
    const { proxies, warnings } = load(routing, env);
    expect(proxies).toMatchObject({ http: undefined, https: undefined });
    expect(warnings).toEqual([expect.stringMatching(/^ALL_PROXY is not used: .*SOCKS/)]);
    expect(warnings.join()).not.toContain('hidden');
    expect(load(routing, { ...env, ...both }).warnings).toEqual([]);
  });
});
