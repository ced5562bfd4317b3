import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { anyKey, load, problemsOf } from '../load.ts';

const database = (yaml: string, url?: string) => {
  const { database: found } = load(`database: ${yaml}`, { ...anyKey, ...(url !== undefined && { DATABASE_URL: url }) });
  return found && { ...found, url: found.url.reveal() };
};

const wanted =
  'must be a URL such as postgres://user:password@host:5432/database, or none, because Sluice keeps its records in PostgreSQL only; remove it, and `npm start` uses a PostgreSQL of its own';

describe('database', () => {
  it('is absent without a URL', () => {
    expect(database('{ pool_size: 9 }')).toBeUndefined();
    expect(database('{}', '')).toBeUndefined();
  });

  it('is absent, and not wanted, with the URL none', () => {
    const yaml = 'database: { url: "postgres://h/records" }';
    const wanted = [load(yaml), load(undefined), load(yaml, { ...anyKey, DATABASE_URL: 'none' })];
    expect(wanted.map(({ isDatabaseRefused }) => isDatabaseRefused)).toEqual([false, false, true]);
    expect(load('database: { url: none }')).toMatchObject({ database: undefined, isDatabaseRefused: true });
  });

  it('has defaults for everything but the URL', () => {
    expect(database('{ url: "postgres://h/records" }')).toEqual({
      url: 'postgres://h/records',
      poolSize: 5,
      statementTimeoutMs: 10_000,
      connectTimeoutMs: 5000,
      tls: undefined,
    });
  });

  it('has the URL of the environment rather than that of the file', () => {
    expect(database('{ url: "postgres://file/records", pool_size: 2 }', 'postgresql://env:5433/other')).toMatchObject({
      url: 'postgresql://env:5433/other',
      poolSize: 2,
    });
  });

  it('keeps user and password, which are not shown', () => {
    const config = load(undefined, { ...anyKey, DATABASE_URL: 'postgres://app:p%40ss-canary@h/records' });
    expect(config.database?.url.reveal()).toBe('postgres://app:p%40ss-canary@h/records');
    expect(`${JSON.stringify(config)}${inspect(config, { depth: 9 })}`).not.toContain('canary');
  });

  const unchecked = {
    ca: undefined,
    cert: undefined,
    key: undefined,
    servername: undefined,
    rejectUnauthorized: false,
  };
  it.each([
    ['disable', '{}', undefined],
    ['require', '{}', unchecked],
    ['verify-ca', '{}', true],
    ['verify-full', '{}', true],
    ['verify-full', '{ tls: { ca: /ca.pem } }', { ...unchecked, ca: '/ca.pem', rejectUnauthorized: true }],
    ['disable', '{ tls: true }', undefined],
  ] as const)('reads sslmode=%s of the environment beside %s', (mode, yaml, tls) => {
    const found = database(yaml, `postgres://h/records?sslmode=${mode}`);
    expect(found).toMatchObject({ url: 'postgres://h/records', tls });
  });

  it('resolves the files of TLS', () => {
    expect(database('{ url: "postgres://h/r", tls: { ca: ca.pem } }')?.tls).toMatchObject({ ca: '/srv/ca.pem' });
  });

  it.each([
    'sqlite+aiosqlite:///./data/proxy.db',
    'sqlite:///proxy.db',
    'mysql://u:secret-word@h/db',
    'postgresql+asyncpg://h/db',
    'postgres://h',
    'postgres://h/',
    'postgres:///db',
    'postgres://h/db#x',
    'postgres://u:%zz@h/db',
    'localhost:5432/db',
  ])('refuses %s', (url) => {
    expect(problemsOf(undefined, { ...anyKey, DATABASE_URL: url })).toEqual([`DATABASE_URL: ${wanted}`]);
    expect(problemsOf(`database: { url: ${JSON.stringify(url)} }`)).toEqual([`database.url: ${wanted}`]);
  });

  it.each(['sslmode=prefer', 'pgbouncer=true', 'sslmode=require&sslmode=disable', 'host=/run'])(
    'refuses the parameters %s',
    (query) => {
      expect(problemsOf(undefined, { ...anyKey, DATABASE_URL: `postgres://h/db?${query}` })).toEqual([
        'DATABASE_URL: must not have parameters in its query other than sslmode (disable, require, verify-ca, verify-full); remove them',
      ]);
    },
  );

  it('refuses an example password', () => {
    expect(problemsOf(undefined, { ...anyKey, DATABASE_URL: 'postgres://sluice:CHANGE-ME@h/db' })).toEqual([
      'DATABASE_URL: holds a password that is an example from the documentation; replace it by your own',
    ]);
  });

  it.each([
    ['disable', 'true'],
    ['require', 'false'],
  ])('refuses sslmode=%s beside tls: %s', (mode, tls) => {
    expect(problemsOf(`database: { url: "postgres://h/db?sslmode=${mode}", tls: ${tls} }`)).toEqual([
      `database.tls: contradicts url, which holds sslmode=${mode}; give it in one place`,
    ]);
  });
});
