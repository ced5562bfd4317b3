import { randomBytes } from 'node:crypto';
import { revokedKeptMs } from '@sluice/records';
import { describe, expect, it } from 'vitest';
import {
  changeClientKey,
  changeTeam,
  createClientKey,
  createFirstAdminKey,
  createTeam,
  findClientKey,
  findTeam,
  listClientKeys,
  listTeams,
  type NewKey,
  readKeyChanges,
  removeTeam,
  revokeClientKey,
  rotateClientKey,
} from '../../src/index.ts';
import type { Store } from '../../src/index.ts';
import { openStore } from '../open-store.ts';

const newSecret = () => ({ digest: randomBytes(32).toString('hex'), hint: 'sk-1…2345' });

const newKey = (over: Partial<NewKey> = {}): NewKey => ({
  id: `key_${randomBytes(8).toString('hex')}`,
  name: 'batch',
  secret: newSecret(),
  admin: false,
  models: ['gpt-*'],
  limits: { rpm: 5 },
  budgets: { day: 1_000_000 },
  weight: 1.5,
  tags: ['a'],
  allowedAddresses: ['10.0.0.0/8'],
  mayLogBodies: false,
  ...over,
});
const team = { id: 'blue', name: 'Blue', models: ['*'], limits: {}, budgets: { month: 5 } };

const { store } = await openStore();
const { db } = store;

describe('a client key of the database', () => {
  it('is kept with all its settings', async () => {
    const { secret, createdBy, ...key } = newKey({ owner: 'Ada', expiresAt: 2_000_000_000_000, createdBy: 'key_1' });
    const kept = await createClientKey(db, { ...key, secret, createdBy });
    expect(kept.key).toEqual({ ...key, secrets: [secret], isRevoked: false, endsStreams: false });
    expect(kept.createdBy).toBe('key_1');
    expect(await findClientKey(db, key.id)).toEqual(kept);
  });

  it('is changed field by field; null removes one', async () => {
    const { key } = await createClientKey(db, newKey({ owner: 'Ada', teamId: 'blue' }));
    const changed = await changeClientKey(db, key.id, { name: 'other', budgets: {}, owner: null });
    const { owner: _owner, ...rest } = key;
    expect(changed?.key).toEqual({ ...rest, name: 'other', budgets: {} });
    expect(await changeClientKey(db, 'key_unknown', { name: 'x' })).toBeUndefined();
  });

  it('is revoked for ever', async () => {
    const { key } = await createClientKey(db, newKey());
    const revoked = await revokeClientKey(db, key.id, { endsStreams: false });
    expect(revoked?.key).toMatchObject({ isRevoked: true, endsStreams: false });
    const again = await revokeClientKey(db, key.id, { endsStreams: true });
    expect(again?.key.endsStreams).toBe(true);
    expect(again?.revokedAt).toBe(revoked?.revokedAt);
    expect(await changeClientKey(db, key.id, { name: 'x' })).toBeUndefined();
    expect(await rotateClientKey(db, key.id, { secret: newSecret(), overlapMs: 0 })).toBeUndefined();
  });

  it('has two secrets for a while after a rotation, and never an older one for longer', async () => {
    const { key } = await createClientKey(db, newKey());
    const [second, third] = [newSecret(), newSecret()];
    const rotated = await rotateClientKey(db, key.id, { secret: second, overlapMs: 60_000 });
    expect(rotated?.key.secrets.map(({ digest }) => digest)).toEqual([key.secrets[0]?.digest, second.digest]);
    const endsAt = rotated?.key.secrets[0]?.expiresAt ?? 0;
    expect(Math.abs(endsAt - Date.now() - 60_000)).toBeLessThan(30_000);
    const twice = await rotateClientKey(db, key.id, { secret: third, overlapMs: 3_600_000 });
    expect(twice?.key.secrets[0]?.expiresAt).toBe(endsAt);
    const atOnce = await rotateClientKey(db, key.id, { secret: newSecret(), overlapMs: 0 });
    expect(atOnce?.key.secrets).toHaveLength(1);
  });

  it('is listed by page, newest first', async () => {
    const ids: string[] = [];
    for (let count = 0; count < 5; count++) {
      ids.unshift((await createClientKey(db, newKey({ teamId: 'paged' }))).key.id);
    }
    const first = await listClientKeys(db, { limit: 3, teamId: 'paged' });
    const last = first.at(-1);
    const after = last === undefined ? undefined : { createdAt: last.createdAt, id: last.key.id };
    const second = await listClientKeys(db, { limit: 3, teamId: 'paged', after });
    expect([...first, ...second].map(({ key }) => key.id)).toEqual(ids);
  });
});

describe('the id of a client key', () => {
  it('is never the name under which Redis has the rates of a team', async () => {
    const { store: other } = await openStore();
    await expect(createClientKey(other.db, newKey({ id: 'team:blue' }))).rejects.toThrow('letters, digits');
    expect(await listClientKeys(other.db, { limit: 1 })).toEqual([]);
  });
});

describe('the first admin key', () => {
  const createFirst = (to: Store, beforeCommit = async (): Promise<void> => undefined) =>
    createFirstAdminKey(to.db, newKey(), { beforeCommit });

  it('is not created if it can not be shown', async () => {
    const { store: other } = await openStore();
    const unshown = createFirst(other, () => Promise.reject(new Error('no terminal')));
    await expect(unshown).rejects.toThrow('no terminal');
    expect(await listClientKeys(other.db, { limit: 1 })).toEqual([]);
    expect(await createFirst(other)).toBeDefined();
  });

  it('is created once, however many replicas start at once', async () => {
    const { store: other } = await openStore();
    const made = await Promise.all(Array.from({ length: 8 }, () => createFirst(other)));
    const [first] = made.filter((key) => key !== undefined);
    expect(made.filter((key) => key !== undefined)).toHaveLength(1);
    expect(first?.key.admin).toBe(true);
    expect(await createFirst(other)).toBeUndefined();
    await revokeClientKey(other.db, first?.key.id ?? '', { endsStreams: false });
    expect(await createFirst(other)).toBeDefined();
  });
});

describe('a team', () => {
  it('has one id, which is free again after its removal', async () => {
    expect((await createTeam(db, team))?.team).toEqual(team);
    expect(await createTeam(db, team)).toBeUndefined();
    expect((await changeTeam(db, 'blue', { budgets: { day: 7 } }))?.team.budgets).toEqual({ day: 7 });
    const { key } = await createClientKey(db, newKey({ teamId: 'blue' }));
    for (const { key: other } of await listClientKeys(db, { limit: 100, teamId: 'blue' })) {
      if (other.id !== key.id) await revokeClientKey(db, other.id, { endsStreams: false });
    }
    expect(await removeTeam(db, 'blue')).toBe('in_use');
    await revokeClientKey(db, key.id, { endsStreams: false });
    expect(await removeTeam(db, 'blue')).toBe('removed');
    expect(await removeTeam(db, 'blue')).toBe('unknown');
    expect([await findTeam(db, 'blue'), await listTeams(db, { limit: 5 })]).toEqual([undefined, []]);
    expect((await createTeam(db, team))?.team).toEqual(team);
  });
});

describe('the changes after a revision', () => {
  it('are exactly those, and all of them for another database or one that was restored', async () => {
    const { store: other } = await openStore();
    await createTeam(other.db, team);
    const { key } = await createClientKey(other.db, newKey());
    const all = await readKeyChanges(other.db, undefined);
    expect(all).toMatchObject({ isWhole: true, records: [{ record: { team } }, { record: { key } }] });
    expect(await readKeyChanges(other.db, all)).toEqual({ ...all, isWhole: false, records: [] });
    await removeTeam(other.db, 'blue');
    const later = await readKeyChanges(other.db, all);
    expect(later.records).toEqual([{ revision: later.revision, record: { removedTeam: 'blue' } }]);
    expect((await readKeyChanges(other.db, { ...later, database: 'another' })).records).toMatchObject([
      { record: { key } },
    ]);
    expect((await readKeyChanges(other.db, { ...later, revision: later.revision + 1 })).isWhole).toBe(true);
  });

  it('have what was revoked, but all records have it for a week only', async () => {
    const { store: other } = await openStore();
    const { key } = await createClientKey(other.db, newKey());
    const before = await readKeyChanges(other.db, undefined);
    await revokeClientKey(other.db, key.id, { endsStreams: false });
    const revoked = [{ record: { key: { id: key.id, isRevoked: true, revokedAt: expect.any(Number) } } }];
    expect((await readKeyChanges(other.db, undefined)).records).toMatchObject(revoked);
    await other.db
      .updateTable('client_keys')
      .set({ revoked_at: new Date(Date.now() - revokedKeptMs) })
      .execute();
    expect((await readKeyChanges(other.db, undefined)).records).toEqual([]);
    expect((await readKeyChanges(other.db, before)).records).toMatchObject(revoked);
  });

  it('miss nothing while several processes write', async () => {
    const { store: other } = await openStore();
    let seen = await readKeyChanges(other.db, undefined);
    const found = new Set<string>();
    const writing = Promise.all(Array.from({ length: 30 }, () => createClientKey(other.db, newKey())));
    let isOver = false;
    void writing.then(() => (isOver = true));
    for (let isLast = false; !isLast;) {
      isLast = isOver;
      seen = await readKeyChanges(other.db, seen);
      for (const { record } of seen.records) if ('key' in record) found.add(record.key.id);
    }
    expect(found.size).toBe(30);
  });
});
