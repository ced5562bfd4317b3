import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/index.ts';
import { anyKey, load, problemsOf, routing } from '../load.ts';

const bodies = `${routing}records: { log_bodies: true }`;
const secret = { SLUICE_SECRET_KEY: '0123456789abcdef0123456789abcdef' };
const database = { DATABASE_URL: 'postgres://127.0.0.1/records' };

describe('records.log_bodies', () => {
  it('is off, with a bound of 256 KiB a body', () => {
    expect(load(routing).records).toMatchObject({ logBodies: false, maxBodyBytes: 262_144, bodyRetentionDays: 7 });
  });

  it('is taken with a secret and a database', () => {
    expect(load(bodies, { ...anyKey, ...secret, ...database }).records.logBodies).toBe(true);
  });

  it('is refused without SLUICE_SECRET_KEY', () => {
    expect(problemsOf(bodies, { ...anyKey, ...database })).toEqual([
      'SLUICE_SECRET_KEY: is missing; it must be a secret of at least 16 characters, the same for all replicas: records.log_bodies keeps bodies, which are encrypted with it',
    ]);
  });

  const missing =
    'records.log_bodies: needs a database; set database.url or DATABASE_URL, or leave bodies out of the records';

  it('is refused without a database', () => {
    expect(problemsOf(bodies, { ...anyKey, ...secret })).toEqual([missing]);
    expect(problemsOf(bodies, { ...anyKey, ...secret, DATABASE_URL: 'none' })).toEqual([missing]);
  });

  it('may wait for the database that `npm start` brings, unless it may bring none', () => {
    const read = (env: Readonly<Record<string, string>>) =>
      loadConfig({ env: { ...secret, ...env }, cwd: '/srv', readFile: () => bodies, isKeyRequired: false });
    expect(read({}).records.logBodies).toBe(true);
    expect(() => read({ DATABASE_URL: 'none' })).toThrow(missing);
  });
});
