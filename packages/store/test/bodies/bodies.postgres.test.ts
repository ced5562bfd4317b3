import type { BodyEntry } from '@sluice/records';
import { beforeAll, expect, test } from 'vitest';
import { dropOld, findBodies } from '../../src/index.ts';
import { noon } from '../entries.ts';
import { openStore, type TestStore } from '../open-store.ts';

const day = 86_400_000;
let opened: TestStore;
beforeAll(async () => {
  opened = await openStore();
});

const bodyEntry = (changes: Partial<BodyEntry> & { readonly id: string }): BodyEntry => ({
  kind: 'request',
  arrivedAt: noon,
  sizeBytes: 7,
  isTruncated: false,
  content: Buffer.from('sealed\0\xff').toString('base64'),
  ...changes,
});

test('keeps the bodies of a request once, however often they arrive', async () => {
  const { store, writer } = opened;
  const both = [bodyEntry({ id: 'a' }), bodyEntry({ id: 'a', kind: 'response', sizeBytes: 900, isTruncated: true })];
  expect(await writer.insertBodies(both)).toBe(2);
  expect(await writer.insertBodies([...both, bodyEntry({ id: 'b' })])).toBe(1);
  expect(await writer.insertBodies([])).toBe(0);
  const content = Buffer.from('sealed\0\xff');
  const found = await findBodies(store.db, 'a');
  expect([...found].sort((one, other) => one.sizeBytes - other.sizeBytes)).toEqual([
    { kind: 'request', sizeBytes: 7, isTruncated: false, content },
    { kind: 'response', sizeBytes: 900, isTruncated: true, content },
  ]);
  expect(await findBodies(store.db, 'unknown')).toEqual([]);
});

test('drops the bodies of days before their retention, and nothing else', async () => {
  const { store, writer, partitions } = opened;
  await writer.insertBodies([bodyEntry({ id: 'old', arrivedAt: noon - 9 * day }), bodyEntry({ id: 'new' })]);
  const dropped = await dropOld(
    { db: store.db, partitions, at: new Date(noon) },
    { logDays: 30, bodyDays: 7, ledgerMonths: 13 },
  );
  expect(dropped).toEqual(['request_bodies_20261121']);
  expect(await findBodies(store.db, 'old')).toEqual([]);
  expect(await findBodies(store.db, 'new')).toHaveLength(1);
});
