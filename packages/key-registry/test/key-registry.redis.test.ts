import type { KeyChanges, KeyRecord } from '@sluice/records';
import { connect, type ConnectionRole, createKeys, type RedisConnection, untilReady } from '@sluice/redis';
import { createKeyRegistry, type KeyRegistry, type ReadKeyChanges } from '@sluice/key-registry';
import { freePort, redisTest, until } from '@sluice/testkit';
import { afterEach, describe, expect } from 'vitest';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const keyRecord = (id: string, over: { readonly isRevoked?: boolean } = {}): KeyRecord => ({
  key: {
    id,
    name: id,
    secrets: [{ digest: 'ab'.repeat(32), hint: 'sk-1…2345' }],
    admin: false,
    models: ['*'],
    limits: {},
    budgets: {},
    weight: 1,
    tags: [],
    allowedAddresses: [],
    mayLogBodies: false,
    isRevoked: false,
    endsStreams: false,
    ...over,
  },
});

/** A database of client keys in memory. */
function createDatabase(database: string) {
  const rows = new Map<string, { revision: number; record: KeyRecord }>();
  const state = { revision: 0 };
  const readChanges: ReadKeyChanges = async (since): Promise<KeyChanges> => {
    const isWhole = since === undefined || since.database !== database || since.revision > state.revision;
    const after = isWhole ? 0 : since.revision;
    const records = [...rows.values()].filter(({ revision }) => revision > after);
    return { database, revision: state.revision, isWhole, records };
  };
  return {
    readChanges,
    write(record: KeyRecord) {
      state.revision++;
      rows.set('key' in record ? record.key.id : 'team', { revision: state.revision, record });
    },
    restore(revision: number) {
      state.revision = revision;
      for (const [id, row] of rows) if (row.revision > revision) rows.delete(id);
    },
  };
}

interface Replica {
  readonly registry: KeyRegistry;
  /** Ids of its keys, sorted; revoked ones with a minus. */
  known(): string;
  readonly missing: number;
}

interface ReplicaOptions {
  /** Time between two polls; default: so long that only the watching of changes brings any. */
  readonly pollMs?: number;
  readonly revokedKeptMs?: number;
  /** Redis on which it waits for changes; default: that of the registry. */
  readonly watchedUrl?: string;
}

const open = (url: string, role: ConnectionRole): RedisConnection =>
  connect({
    settings: { kind: 'single', url, username: undefined, password: undefined, tls: undefined },
    role,
    name: 'test',
    onError: () => undefined,
  });

async function joinReplica(
  url: string,
  prefix: string,
  { pollMs = 600_000, revokedKeptMs = 600_000, watchedUrl = url }: ReplicaOptions = {},
): Promise<Replica & { readonly connection: RedisConnection; readonly watching: RedisConnection }> {
  const connection = open(url, 'command');
  const watching = open(watchedUrl, 'blocking');
  closers.push(() => connection.disconnect());
  await untilReady(connection);
  const keys = new Map<string, boolean>();
  let missing = 0;
  const registry = createKeyRegistry({
    connection,
    connectBlocking: () => watching,
    keys: createKeys(prefix),
    onChange(records, isWhole) {
      if (isWhole) keys.clear();
      for (const record of records) if ('key' in record) keys.set(record.key.id, record.key.isRevoked);
    },
    onMissing: () => void missing++,
    onError(error) {
      throw error;
    },
    pollMs,
    revokedKeptMs,
  });
  closers.push(() => registry.close());
  await registry.start();
  return {
    connection,
    watching,
    registry,
    known: () =>
      [...keys]
        .map(([id, isRevoked]) => (isRevoked ? `-${id}` : id))
        .sort()
        .join(' '),
    get missing() {
      return missing;
    },
  };
}

describe('the registry of client keys', () => {
  redisTest('brings each change to every replica', async ({ redisUrl, keyPrefix }) => {
    const database = createDatabase('d1');
    const [one, other] = [await joinReplica(redisUrl, keyPrefix), await joinReplica(redisUrl, keyPrefix)];
    expect(one.missing).toBeGreaterThan(0);
    database.write(keyRecord('a'));
    database.write(keyRecord('b'));
    await one.registry.publish(database.readChanges);
    expect(one.known()).toBe('a b');
    await until(() => other.known() === 'a b', { what: 'the change' });
    database.write(keyRecord('a', { isRevoked: true }));
    await other.registry.publish(database.readChanges);
    await until(() => one.known() === '-a b', { what: 'the change' });
    const late = await joinReplica(redisUrl, keyPrefix);
    expect(late.known()).toBe('-a b');
  });

  redisTest('brings a change whose process died before it was published', async ({ redisUrl, keyPrefix }) => {
    const database = createDatabase('d1');
    const [one, other] = [await joinReplica(redisUrl, keyPrefix), await joinReplica(redisUrl, keyPrefix)];
    database.write(keyRecord('a'));
    await one.registry.publish(database.readChanges);
    database.write(keyRecord('lost'));
    database.write(keyRecord('b'));
    await other.registry.publish(database.readChanges);
    await until(() => one.known() === 'a b lost', { what: 'the change' });
  });

  redisTest(
    'keeps the keys in memory when Redis loses its data, and publishes them again',
    async ({ redisUrl, keyPrefix }) => {
      const database = createDatabase('d1');
      const polling = { pollMs: 50 };
      const one = await joinReplica(redisUrl, keyPrefix, polling);
      const other = await joinReplica(redisUrl, keyPrefix, polling);
      database.write(keyRecord('a'));
      await one.registry.publish(database.readChanges);
      await until(() => other.known() === 'a', { what: 'the change' });
      const before = other.missing;
      const { registryState, registryRevisions, registryRecords } = createKeys(keyPrefix);
      await one.connection.del(registryState, registryRevisions, registryRecords);
      await until(() => other.missing > before, { what: 'the change' });
      expect(other.known()).toBe('a');
      database.write(keyRecord('b'));
      await Promise.all([one, other].map(({ registry }) => registry.publish(database.readChanges)));
      await until(() => one.known() === 'a b' && other.known() === 'a b', { what: 'the change' });
    },
  );

  redisTest('takes over a restored and another database, with later changes', async ({ redisUrl, keyPrefix }) => {
    const database = createDatabase('d1');
    const replica = await joinReplica(redisUrl, keyPrefix);
    for (const id of ['a', 'b', 'c']) database.write(keyRecord(id));
    await replica.registry.publish(database.readChanges);
    database.restore(1);
    await replica.registry.publish(database.readChanges);
    expect(replica.known()).toBe('a');
    database.write(keyRecord('d'));
    await replica.registry.publish(database.readChanges);
    expect(replica.known()).toBe('a d');
    const another = createDatabase('d2');
    another.write(keyRecord('x'));
    await replica.registry.publish(another.readChanges);
    expect(replica.known()).toBe('x');
  });

  redisTest(
    'brings what was published while a replica had no connection to hear of it',
    async ({ redisUrl, keyPrefix }) => {
      const database = createDatabase('d1');
      const [one, other] = [await joinReplica(redisUrl, keyPrefix), await joinReplica(redisUrl, keyPrefix)];
      for (const id of ['a', 'b', 'c']) {
        other.watching.disconnect(true);
        database.write(keyRecord(id));
        await one.registry.publish(database.readChanges);
      }
      await until(() => other.known() === 'a b c', { what: 'the changes' });
    },
  );

  redisTest('polls for a replica that can not hear of changes', async ({ redisUrl, keyPrefix }) => {
    const database = createDatabase('d1');
    const one = await joinReplica(redisUrl, keyPrefix);
    const watchedUrl = `redis://127.0.0.1:${await freePort()}`;
    const other = await joinReplica(redisUrl, keyPrefix, { pollMs: 50, watchedUrl });
    database.write(keyRecord('a'));
    await one.registry.publish(database.readChanges);
    await until(() => other.known() === 'a', { what: 'the change' });
  });

  redisTest('wakes no replica when nothing has changed', async ({ redisUrl, keyPrefix }) => {
    const database = createDatabase('d1');
    const one = await joinReplica(redisUrl, keyPrefix);
    database.write(keyRecord('a'));
    await one.registry.publish(database.readChanges);
    const { registryChanges } = createKeys(keyPrefix);
    const entries = await one.connection.xrange(registryChanges, '-', '+');
    await one.registry.publish(database.readChanges);
    expect(await one.connection.xrange(registryChanges, '-', '+')).toEqual(entries);
    expect(entries).toHaveLength(1);
  });

  redisTest('drops revoked keys and removed teams after a while', async ({ redisUrl, keyPrefix }) => {
    const database = createDatabase('d1');
    const kept = { revokedKeptMs: 1, pollMs: 600_000 };
    const one = await joinReplica(redisUrl, keyPrefix, kept);
    const absent = await joinReplica(redisUrl, keyPrefix, kept);
    for (const id of ['a', 'b']) database.write(keyRecord(id));
    await one.registry.publish(database.readChanges);
    await until(() => absent.known() === 'a b', { what: 'the change' });
    absent.watching.disconnect();
    database.write(keyRecord('a', { isRevoked: true }));
    database.write({ removedTeam: 'gone' });
    await one.registry.publish(database.readChanges);
    expect(one.known()).toBe('-a b');
    const { registryRecords, registryRevisions, registryTombstones } = createKeys(keyPrefix);
    await until(
      async () => {
        await one.registry.publish(database.readChanges);
        return (await one.connection.hlen(registryRecords)) === 1;
      },
      { what: 'the end of the tombstones' },
    );
    expect(await one.connection.zrange(registryRevisions, '0', '-1')).toEqual(['key:b']);
    expect(await one.connection.exists(registryTombstones)).toBe(0);
    expect(absent.known()).toBe('a b');
    // The change of another key must not leave it with one that is revoked.
    database.write(keyRecord('c'));
    await absent.registry.publish(database.readChanges);
    expect(absent.known()).toBe('b c');
  });

  redisTest('lets every key in Redis expire', async ({ redisUrl, keyPrefix }) => {
    const database = createDatabase('d1');
    const { connection, registry } = await joinReplica(redisUrl, keyPrefix);
    database.write(keyRecord('a'));
    await registry.publish(database.readChanges);
    database.write(keyRecord('b', { isRevoked: true }));
    await registry.publish(database.readChanges);
    const { registryState, registryRevisions, registryRecords, registryTombstones, registryChanges } =
      createKeys(keyPrefix);
    for (const key of [registryState, registryRevisions, registryRecords, registryTombstones, registryChanges]) {
      expect(await connection.pttl(key)).toBeGreaterThan(0);
    }
  });
});
