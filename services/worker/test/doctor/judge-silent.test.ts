import { expect, it } from 'vitest';
import { judgeUnreached } from '../../src/doctor/upstreams/judge-upstream.ts';

it.each([
  [{ kind: 'timeout', message: 'The provider did not answer in time.' }, /accepts connections and sends nothing/],
  [{ kind: 'network', message: 'The connection to the provider timed out.' }, /firewall is probably in between/],
] as const)('distinguishes a silent server from one that is not reached: %o', (failure, words) => {
  const unreached = { about: 'upstream one', place: 'one.example:443', failure, nameError: undefined, hasCa: false };
  expect(judgeUnreached(unreached).advice).toMatch(words);
});
