import { describe, expect, it } from 'vitest';
import { anyKey, load } from '../load.ts';

const redis = (yaml: string, url?: string) => {
  const { username, password, ...rest } = load(`redis: ${yaml}`, {
    ...anyKey,
    ...(url !== undefined && { REDIS_URL: url }),
  }).redis;
  return { ...rest, username, password: password?.reveal() };
};
const noUser = { username: undefined, password: undefined };

describe('redis', () => {
  it('can be a single server', () => {
    expect(redis('{ url: "redis://redis:6380/2" }')).toEqual({
      kind: 'single',
      url: 'redis://redis:6380/2',
      ...noUser,
      tls: undefined,
      keyPrefix: 'sluice',
      isDefault: false,
    });
  });

  it('can be a cluster', () => {
    expect(redis('{ cluster: ["a:1", "[::1]:7000"], username: u, password: p, tls: true }')).toEqual({
      kind: 'cluster',
      nodes: [
        { host: 'a', port: 1 },
        { host: '::1', port: 7000 },
      ],
      username: 'u',
      password: 'p',
      tls: true,
      keyPrefix: 'sluice',
      isDefault: false,
    });
  });

  it('can be behind sentinels', () => {
    expect(redis('{ sentinel: { name: mymaster, nodes: ["s1:26379"] }, tls: { ca: ca.pem } }')).toMatchObject({
      kind: 'sentinel',
      name: 'mymaster',
      nodes: [{ host: 's1', port: 26_379 }],
      sentinelUsername: undefined,
      sentinelPassword: undefined,
      tls: { ca: '/srv/ca.pem', rejectUnauthorized: true },
      sentinelTls: { ca: '/srv/ca.pem', rejectUnauthorized: true },
    });
  });

  it('uses separate user, password and TLS for sentinels, never those of the master', () => {
    const own = redis(
      '{ sentinel: { name: m, nodes: ["s:1"], username: su, password: sp, tls: false }, username: u, password: p, tls: true }',
    );
    expect(own).toMatchObject({
      username: 'u',
      password: 'p',
      tls: true,
      sentinelUsername: 'su',
      sentinelTls: undefined,
    });
    expect('sentinelPassword' in own && own.sentinelPassword?.reveal()).toBe('sp');
    expect(redis('{ sentinel: { name: m, nodes: ["s:1"] }, password: p, tls: true }')).toMatchObject({
      sentinelPassword: undefined,
      sentinelTls: true,
    });
  });

  it.each(['url: "rediss://r"', 'cluster: ["r:1"]', 'sentinel: { name: m, nodes: ["r:1"] }'])(
    'accepts every setting of TLS in each form: %s',
    (form) => {
      expect(redis(`{ ${form}, tls: { ca: a, cert: b, key: c, servername: redis.example } }`).tls).toEqual({
        ca: '/srv/a',
        cert: '/srv/b',
        key: '/srv/c',
        servername: 'redis.example',
        rejectUnauthorized: true,
      });
    },
  );

  it('keeps user and password outside of the URL', () => {
    expect(redis('{ url: "redis://us%40er:p%2Fw@h:1/0?family=6" }')).toMatchObject({
      url: 'redis://h:1/0?family=6',
      username: 'us@er',
      password: 'p/w',
    });
    expect(redis('{ url: "redis://user@h", password: pw }')).toMatchObject({ username: 'user', password: 'pw' });
  });

  it('uses TLS for rediss://', () => {
    expect(redis('{ url: "rediss://h" }')).toMatchObject({ url: 'rediss://h', tls: true });
    expect(redis('{ url: "rediss://h", tls: { ca: x } }')).toMatchObject({
      tls: { ca: '/srv/x', rejectUnauthorized: true },
    });
    expect(redis('{ url: "redis://h", tls: false }').tls).toBeUndefined();
  });

  it('is that of REDIS_URL, for every form in the file', () => {
    for (const form of ['{ url: "redis://f" }', '{ cluster: ["f:1"] }', '{ sentinel: { name: m, nodes: ["f:1"] } }']) {
      expect(redis(form, 'redis://env:1')).toMatchObject({ kind: 'single', url: 'redis://env:1', isDefault: false });
    }
  });

  it('keeps other settings of the file beside REDIS_URL', () => {
    expect(
      redis('{ cluster: ["f:1"], username: u, password: p, tls: true, key_prefix: x }', 'redis://env'),
    ).toMatchObject({
      username: 'u',
      password: 'p',
      tls: true,
      keyPrefix: 'x',
    });
  });

  it('does not combine a user with the password of another', () => {
    expect(redis('{ username: u, password: p }', 'redis://other@env')).toMatchObject({ ...noUser, username: 'other' });
    expect(redis('{ username: u, password: p }', 'redis://:q@env')).toMatchObject({ ...noUser, password: 'q' });
  });
});
