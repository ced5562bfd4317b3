import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { databaseConnection, readRedisFiles } from '@sluice/config';
import { describe, expect, it, onTestFinished } from 'vitest';
import { errorOf, load } from '../load.ts';

function writtenAuthorities(): { path: string; pem: string } {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-redis-pem-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [path, pem] = [join(folder, 'ca.pem'), rootCertificates[0] ?? ''];
  writeFileSync(path, pem);
  return { path, pem };
}

const redis = (yaml: string) => readRedisFiles(load(`redis: ${yaml}`).redis);

describe('readRedisFiles', () => {
  it('changes nothing without files', () => {
    for (const yaml of ['{}', '{ tls: true }', '{ url: "rediss://h" }', '{ cluster: ["h:1"] }']) {
      expect(redis(yaml)).toEqual(load(`redis: ${yaml}`).redis);
    }
  });

  it('replaces the paths of each form by the texts of the files', () => {
    const { path, pem } = writtenAuthorities();
    for (const form of ['url: "rediss://h"', 'cluster: ["h:1"]', 'sentinel: { name: m, nodes: ["h:1"] }']) {
      expect(redis(`{ ${form}, tls: { ca: ${path}, servername: redis.example } }`).tls).toMatchObject({
        ca: pem,
        servername: 'redis.example',
        rejectUnauthorized: true,
      });
    }
  });

  it('reads the files of sentinels too, which may differ', () => {
    const { path, pem } = writtenAuthorities();
    const found = redis(`{ sentinel: { name: m, nodes: ["h:1"], tls: { ca: ${path} } }, tls: true }`);
    expect(found.tls).toBe(true);
    expect(found.kind === 'sentinel' && found.sentinelTls).toMatchObject({ ca: pem });
  });

  it('names the setting whose file can not be read', () => {
    const { path } = writtenAuthorities();
    const pathOf = (yaml: string): string[] => errorOf(() => redis(yaml)).problems.map((problem) => problem.path);
    expect(pathOf('{ tls: { ca: /absent/ca.pem } }')).toEqual(['redis.tls.ca']);
    const sentinel = 'sentinel: { name: m, nodes: ["h:1"], tls: { ca: /absent/ca.pem } }';
    expect(pathOf(`{ ${sentinel}, tls: { ca: ${path} } }`)).toEqual(['redis.sentinel.tls.ca']);
  });
});

describe('databaseConnection', () => {
  const connection = (yaml: string) => {
    const { database } = load(`database: { url: "postgres://app:p%40ss-word@h/records", ${yaml} }`);
    if (database === undefined) throw new Error('there is no database');
    return databaseConnection(database);
  };

  it('has the URL with its password, and no TLS by default', () => {
    expect(connection('connect_timeout_ms: 300')).toEqual({
      connectionString: 'postgres://app:p%40ss-word@h/records',
      ssl: false,
      connectionTimeoutMillis: 300,
    });
  });

  it('has the texts of the files', () => {
    const { path, pem } = writtenAuthorities();
    expect(connection(`tls: { ca: ${path}, servername: db.example }`).ssl).toEqual({
      ca: pem,
      servername: 'db.example',
      rejectUnauthorized: true,
    });
    expect(connection('tls: true').ssl).toEqual({});
  });

  it('refuses a file that is absent', () => {
    expect(errorOf(() => connection('tls: { ca: absent.pem }')).problems).toEqual([
      { path: 'database.tls.ca', message: expect.stringContaining("can't be read (ENOENT)") },
    ]);
  });
});
