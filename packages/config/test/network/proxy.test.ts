import { describe, expect, it } from 'vitest';
import { parseProxy } from '../../src/network/proxy.ts';

describe('parseProxy', () => {
  it.each([
    ['http://proxy.example:3128', 'http://proxy.example:3128'],
    ['https://proxy.example:443/', 'https://proxy.example'],
    ['http://[::1]:80', 'http://[::1]'],
    ['HTTP://Proxy.Example:8080', 'http://proxy.example:8080'],
  ])('keeps scheme, host and port of %s', (text, url) => {
    expect(parseProxy(text)).toEqual({ url, authorization: undefined });
  });

  it.each([
    ['http://me:word@p:1', 'me:word'],
    ['http://me@p:1', 'me:'],
    ['http://:word@p:1', ':word'],
    ['http://b%C3%A4r:a%3Ab@p:1', 'bär:a:b'],
  ])('takes user and password of %s out of the URL', (text, pair) => {
    const proxy = parseProxy(text);
    expect(proxy?.url).toBe('http://p:1');
    expect(proxy?.authorization?.reveal()).toBe(`Basic ${Buffer.from(pair).toString('base64')}`);
  });

  it.each(['', 'proxy.example:3128', 'socks5://p:1', 'http://', 'http://p/path', 'http://p?a', 'http://p#a'])(
    'refuses %s',
    (text) => {
      expect(parseProxy(text)).toBeUndefined();
    },
  );

  it('refuses a password that is not properly encoded', () => {
    expect(parseProxy('http://me:%ff@p:1')).toBeUndefined();
  });
});
