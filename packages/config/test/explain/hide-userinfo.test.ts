import { expect, it } from 'vitest';
import { hideUserinfo } from '../../src/explain/hide-userinfo.ts';

it.each([
  ['https://one.example/v1?a=b#c', 'https://one.example/v1?a=b#c'],
  ['https://one.example/users/me@home', 'https://one.example/users/me@home'],
  ['https://u:p@one.example/v1?a=b', 'https://[secret]@one.example/v1?a=b'],
  ['https://user@one.example', 'https://[secret]@one.example'],
  [
    'https://u:p@one.example/?next=http://v:q@two.example',
    'https://[secret]@one.example/?next=http://[secret]@two.example',
  ],
  ['https://one.example/?next=http://v:q@two.example', 'https://one.example/?next=http://[secret]@two.example'],
  // Texts that no program accepts as a URL.
  ['redis://u:p/a?s@s#w@r.example', 'redis://[secret]@r.example'],
  ['See: https://u:p@s s@one.example', 'See: https://[secret]@one.example'],
  ['jdbc:postgres://u:p@db.example', 'jdbc:postgres://[secret]@db.example'],
  ['write to me@one.example', 'write to me@one.example'],
])('hides user and password of %s, and nothing else', (text, shown) => {
  expect(hideUserinfo(text)).toBe(shown);
});
