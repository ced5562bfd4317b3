import { describe, expect, it } from 'vitest';
import { anyKey, load } from '../load.ts';

describe('anonymous access', () => {
  const warnings = (entry: string, host: string): readonly string[] =>
    load(`keys: [{ ${entry} }]\nserver: { host: "${host}" }`, {}).warnings;

  it.each([
    ['127.0.0.1', 'this machine only'],
    ['127.8.9.1', 'this machine only'],
    ['::1', 'this machine only'],
    ['localhost', 'this machine only'],
    ['0.0.0.0', 'every machine that reaches 0.0.0.0'],
    ['::', 'every machine that reaches ::'],
    ['12.7.0.1', 'every machine that reaches 12.7.0.1'],
    ['10.0.0.1', 'every machine that reaches 10.0.0.1'],
  ])('on %s causes a warning that names who can call', (host, who) => {
    expect(warnings('anonymous: without_key', host)).toEqual([expect.stringContaining(`are accepted from ${who}`)]);
  });

  it('says whether a wrong key is accepted too', () => {
    expect(warnings('anonymous: any_key', '::1')).toEqual([expect.stringContaining('with any key, or none')]);
    expect(warnings('anonymous: without_key', '::1')).toEqual([expect.stringContaining('without a key')]);
  });

  it('is judged by HOST if that is set', () => {
    const { warnings: found } = load('keys: [{ anonymous: any_key }]', { HOST: '0.0.0.0' });
    expect(found).toEqual([expect.stringContaining('every machine that reaches 0.0.0.0')]);
  });

  it('causes no warning if it is off', () => {
    expect(load('server: { host: 0.0.0.0 }', anyKey).warnings).toEqual([]);
  });
});

it('lists the warnings in the order of empty secrets, access, proxies and origins', () => {
  const yaml = 'keys: [{ anonymous: any_key }]\nserver: { cors: { origins: ["*"] } }';
  const env = { REDIS_URL: '', ALL_PROXY: 'socks5://127.0.0.1:1080' };
  expect(load(yaml, env).warnings.map((text) => text.split(' ').slice(0, 2).join(' '))).toEqual([
    'REDIS_URL is',
    'anonymous access',
    'ALL_PROXY is',
    'server.cors.origins has',
  ]);
});
