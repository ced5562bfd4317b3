import { describe, expect, test } from 'vitest';
import { isNewEnough, parseInfoVersion, parseServerBanner } from '../../src/redis/version.ts';

describe('the version in the output of a server program', () => {
  test.each([
    ['Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=ae4d', '7.0.15', true],
    ['Valkey server v=8.1.1 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=1', '8.1.1', true],
    ['Server v=7.2.5 sha=00000000:0 malloc=libc bits=64 build=1', '7.2.5', true],
    ['Redis server v=6.2.0 sha=00000000:0', '6.2.0', true],
    ['Redis server v=6.0.16 sha=00000000:0', '6.0.16', false],
    ['Redis server v=5.0.14 sha=00000000:0', '5.0.14', false],
    ['Redis server v=255.255.255 sha=1', '255.255.255', true],
  ])('is read from "%s"', (banner, text, enough) => {
    const version = parseServerBanner(banner);
    expect(version?.text).toBe(text);
    expect(version !== undefined && isNewEnough(version)).toBe(enough);
  });

  test('is unknown when the program prints something else', () => {
    expect(parseServerBanner('command not found')).toBeUndefined();
    expect(parseServerBanner('')).toBeUndefined();
  });
});

test('the version of a running server is read from INFO', () => {
  expect(parseInfoVersion('# Server\r\nredis_version:8.0.2\r\nredis_mode:standalone\r\n')).toEqual({
    major: 8,
    minor: 0,
    text: '8.0.2',
  });
  expect(parseInfoVersion('')).toBeUndefined();
});
