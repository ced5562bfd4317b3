import { expect, test } from 'vitest';
import { withoutSecrets } from '../../src/redis/from-url.ts';

test.each([
  ['redis://127.0.0.1:7000', '127.0.0.1:7000'],
  ['redis://default:pa%20ss@cache.example:6380/2', 'cache.example:6380'],
  ['rediss://:secret@cache.example', 'cache.example:6379'],
  ['redis://[::1]:6379', '[::1]:6379'],
])('shows %s as %s, without its password', (url, shown) => {
  expect(withoutSecrets(url, 'REDIS_URL')).toBe(shown);
});

test.each(['', 'localhost:6379', 'http://127.0.0.1:6379', 'redis://'])('refuses "%s", naming the setting', (url) => {
  expect(() => withoutSecrets(url, 'REDIS_URL')).toThrow(/^REDIS_URL must be a URL of the form redis:\/\//);
});
