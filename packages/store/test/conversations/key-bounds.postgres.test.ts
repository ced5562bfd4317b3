import { expect, test } from 'vitest';
import { appendItems, createConversation, heldBy } from '../../src/index.ts';
import { openStore } from '../open-store.ts';

const item = (id: string, text = '') => ({ id, type: 'message', text });

test('bounds the number of the conversations of one key, not those of others', async () => {
  const { store } = await openStore();
  const create = (id: string, keyId: string) =>
    createConversation(store.db, { id, keyId, metadata: {} }, { mostConversations: 2 });
  expect(await create('a', 'one')).toMatchObject({ id: 'a' });
  expect(await create('b', 'one')).toMatchObject({ id: 'b' });
  expect(await create('c', 'one')).toBeUndefined();
  expect(await create('d', 'other')).toMatchObject({ id: 'd' });
});

test('bounds the bytes of all conversations of one key', async () => {
  const { store } = await openStore();
  for (const id of ['a', 'b']) {
    await createConversation(store.db, { id, keyId: 'one', metadata: {} }, { mostConversations: 9 });
  }
  const bounds = { mostItems: 9, mostBytes: 1000, mostKeyBytes: 1200 };
  const append = (id: string, itemId: string) =>
    appendItems(store.db, { id, keyId: 'one', items: [item(itemId, 'x'.repeat(500))], ...bounds });
  expect(await append('a', 'i1')).toBe('added');
  expect(await append('b', 'i2')).toBe('added');
  expect(await append('b', 'i3')).toBe('full');
  expect(await append('a', 'i4')).toBe('full');
  const { conversations, bytes } = await heldBy(store.db, 'one');
  expect([conversations, bytes > 1000 && bytes < 1200]).toEqual([2, true]);
  await createConversation(store.db, { id: 'c', keyId: 'one', metadata: {} }, { mostConversations: 9 });
  expect(await append('c', 'i5')).toBe('key_full');
});
