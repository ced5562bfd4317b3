import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Check } from '../../src/doctor/check.ts';
import { type RedisThere, parseInfo } from '../../src/doctor/redis/ask-redis.ts';
import { commandsOf } from '../../src/doctor/redis/commands.ts';
import type { RedisExpectations } from '../../src/doctor/redis/expectations.ts';
import { judgeRedis } from '../../src/doctor/redis/judge-redis.ts';
import { expectationsOf } from '../../src/doctor/redis/place.ts';
import type { Config } from '@sluice/config';

const expected: RedisExpectations = {
  place: 'redis.internal:6379',
  isEncrypted: true,
  verifiesCertificate: true,
  isNearby: true,
  storesLogins: false,
};
const nothing = { commands: [], keys: [] };
const info = (fields: Readonly<Record<string, string>> = {}): ReadonlyMap<string, string> =>
  new Map(
    Object.entries({
      redis_version: '7.2.4',
      maxmemory_policy: 'noeviction',
      maxmemory: '1000',
      used_memory: '100',
      role: 'master',
      aof_enabled: '0',
      ...fields,
    }),
  );
const there: RedisThere = {
  kind: 'there',
  info: info(),
  savePoints: '60 1',
  aheadMs: 3,
  writeError: undefined,
  forbidden: { ingress: nothing, worker: nothing },
};

function judge(facts: Partial<RedisThere>, more: Partial<RedisExpectations> = {}): Check[] {
  return judgeRedis({ ...there, ...facts }, { ...expected, ...more });
}

const bad = (checks: readonly Check[]): string[] =>
  checks.filter(({ level }) => level !== 'ok').map(({ level, id, text }) => `${level} ${id}: ${text}`);

describe('a Redis that answers', () => {
  it('is ok with the recommended settings', () => {
    expect(bad(judge({}))).toEqual([]);
  });

  it.each<[name: string, facts: Partial<RedisThere>, finding: RegExp]>([
    ['too old', { info: info({ redis_version: '6.0.16' }) }, /^problem redis\.version: Redis 6\.0\.16 .* too old/],
    [
      'to evict keys',
      { info: info({ maxmemory_policy: 'volatile-lru' }) },
      /^problem redis\.eviction: .* volatile-lru: when/,
    ],
    [
      'to evict keys, some day',
      { info: info({ maxmemory_policy: 'allkeys-lru', maxmemory: '0' }) },
      /^warning redis\.eviction: .* no effect yet/,
    ],
    ['nearly full', { info: info({ used_memory: '900' }) }, /^warning redis\.memory: Redis uses 90 % of its maxmemory/],
    ['a replica', { info: info({ role: 'slave' }) }, /^problem redis\.write: .* replica .*READONLY/],
    [
      'read only',
      { writeError: "READONLY You can't write against a read only replica." },
      /^problem redis\.write: .*READONLY/,
    ],
    ['not able to save', { writeError: 'MISCONF Redis is configured to save' }, /^problem redis\.write: .*MISCONF/],
    ['full', { writeError: 'OOM command not allowed' }, /^problem redis\.write: .*OOM/],
    ['not writable', { writeError: 'NOPERM no' }, /^problem redis\.write: Redis refuses a write: NOPERM no\.$/],
    [
      'not able to write its disk',
      { info: info({ rdb_last_bgsave_status: 'err' }) },
      /^problem redis\.persistence: Redis could not write to its disk/,
    ],
    ['in another time', { aheadMs: 5000 }, /^warning clock\.redis: This machine's clock is 5 s ahead/],
    [
      'to forbid commands of both services',
      {
        forbidden: {
          ingress: { commands: ['xadd'], keys: [] },
          worker: { commands: ['xadd', 'zpopmin'], keys: ['sluice:{q0}'] },
        },
      },
      /^problem redis\.rights: .* Sluice also sends xadd, zpopmin and uses keys such as sluice:\{q0\}\.$/,
    ],
    [
      'to be enough for an ingress',
      { forbidden: { ingress: nothing, worker: { commands: ['zpopmin'], keys: [] } } },
      /^warning redis\.rights: .* enough for an ingress; a worker also sends zpopmin\.$/,
    ],
  ])('is found %s', (_name, facts, finding) => {
    expect(bad(judge(facts))).toEqual([expect.stringMatching(finding)]);
  });

  it('without persistence is a warning if it holds access tokens of logins', () => {
    expect(bad(judge({ savePoints: '' }))).toEqual([]);
    expect(bad(judge({ savePoints: '' }, { storesLogins: true }))).toEqual([
      expect.stringMatching(/^warning redis\.persistence: .* also the tokens of logins/),
    ]);
  });

  it('is a warning if its connection crosses a public network unencrypted', () => {
    expect(bad(judge({}, { isEncrypted: false }))).toEqual([]);
    expect(bad(judge({}, { isEncrypted: false, isNearby: false }))).toEqual([
      expect.stringMatching(/^warning redis\.tls: .* in clear\.$/),
    ]);
    expect(bad(judge({}, { verifiesCertificate: false }))).toEqual([
      expect.stringMatching(/^warning redis\.tls: .* any certificate/),
    ]);
  });

  it('that permits no questions has no findings about them', () => {
    const checks = judge({ info: new Map(), savePoints: undefined, aheadMs: undefined });
    expect(bad(checks)).toEqual([]);
    expect(checks.map(({ text }) => text)).toContain(
      'Redis answers at redis.internal:6379; this user may not ask its version.',
    );
  });
});

describe('a Redis that does not answer', () => {
  it.each<[message: string, id: string, words: RegExp]>([
    [
      'WRONGPASS invalid username-password pair or user is disabled.',
      'redis.login',
      /refuses the user or the password/,
    ],
    ['Redis refuses the credentials: NOAUTH Authentication required.', 'redis.login', /wants a password/],
    ['NOPERM User x has no permissions', 'redis.rights', /may not even open a session/],
    ['DEPTH_ZERO_SELF_SIGNED_CERT self-signed certificate', 'redis.tls', /not trusted: DEPTH_ZERO_SELF_SIGNED_CERT/],
    ['CERT_HAS_EXPIRED certificate has expired', 'redis.tls', /not accepted: CERT_HAS_EXPIRED/],
    [
      "ERR_TLS_CERT_ALTNAME_INVALID Hostname/IP does not match certificate's altnames",
      'redis.tls',
      /is for another name: ERR_TLS_CERT_ALTNAME_INVALID/,
    ],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED tlsv13 alert', 'redis.tls', /wants a client certificate/],
    ['ERR DB index is out of range', 'redis.connect', /has no database of the number/],
    ['ENOENT no such file, open ca.pem', 'redis.tls', /redis\.tls\.ca is not there/],
    ['EPROTO wrong version number', 'redis.tls', /does not speak TLS/],
    ['ENOTFOUND getaddrinfo ENOTFOUND redis.internal', 'redis.dns', /has no address/],
    ['ECONNREFUSED connect ECONNREFUSED 10.0.0.1:6379', 'redis.connect', /^Nothing listens at redis\.internal:6379/],
    ['LOADING Redis is loading the dataset in memory', 'redis.connect', /still loading/],
    ['ERR This instance has cluster support disabled', 'redis.connect', /is not a cluster/],
    ['All sentinels are unreachable', 'redis.connect', /No sentinel at/],
    ['Redis did not answer within 5000 ms', 'redis.connect', /does not answer: Redis did not answer within 5000 ms\.$/],
  ])('with "%s" is a problem of %s', (message, id, words) => {
    const [check, ...others] = judgeRedis({ kind: 'away', reasons: ['Connection is closed.', message] }, expected);
    expect(others).toEqual([]);
    expect(check).toMatchObject({ id, level: 'problem', text: expect.stringMatching(words) });
    expect(check?.advice).toBeDefined();
  });

  it('gets advice with the setting for its certificate', () => {
    const adviceFor = (reason: string) => judgeRedis({ kind: 'away', reasons: [reason] }, expected)[0]?.advice;
    expect(adviceFor('ERR_TLS_CERT_ALTNAME_INVALID no')).toMatch(/redis\.tls\.servername/);
    expect(adviceFor('UNABLE_TO_VERIFY_LEAF_SIGNATURE no')).toMatch(/redis\.tls\.ca/);
  });
});

it('the fields of INFO are read with either line end', () => {
  expect(parseInfo('# Memory\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\nempty:\n')).toEqual([
    ['maxmemory', '0'],
    ['maxmemory_policy', 'noeviction'],
    ['empty', ''],
  ]);
});

it.each([
  ['redis://127.0.0.1', '127.0.0.1:6379', true],
  ['redis://redis:7000/1', 'redis:7000', true],
  ['redis://[::1]:6379', '[::1]:6379', true],
  ['redis://10.1.2.3:6379', '10.1.2.3:6379', true],
  ['redis://cache.svc.cluster.local:6379', 'cache.svc.cluster.local:6379', true],
  ['redis://203.0.113.7:6379', '203.0.113.7:6379', false],
  ['redis://cache.example.com:6379', 'cache.example.com:6379', false],
])('%s is at %s, nearby: %s', (url, place, isNearby) => {
  const redis = { kind: 'single', url, tls: undefined } as Config['redis'];
  expect(expectationsOf({ redis, upstreams: [] })).toMatchObject({ place, isNearby, isEncrypted: false });
});

it.each(['ingress', 'worker'] as const)('the commands of the %s are those of SECURITY.md', (service) => {
  const page = readFileSync(new URL('../../../../SECURITY.md', import.meta.url), 'utf8');
  const [, rules = ''] = new RegExp(`^user sluice-${service} ([^]*?)\\n\\n`, 'm').exec(page) ?? [];
  const allowed = Array.from(rules.matchAll(/ \+([a-z|]+)/g), ([, name = '']) => name);
  // A new connection sends both.
  const tried = [...commandsOf[service].map(([name]) => name), 'hello', 'client|setname'];
  expect([...new Set(tried)].toSorted()).toEqual([...new Set(allowed)].toSorted());
});
