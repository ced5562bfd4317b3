import { expect, test } from 'vitest';
import { deleteResponse, dropOldResponses, findResponse, saveResponse } from '../../src/index.ts';
import { openStore } from '../open-store.ts';

const bounds = { mostKeyBytes: 1000, keepDays: 30 };
const stored = (id: string, text = 'x') => ({
  id,
  keyId: 'one',
  previousId: 'resp_0',
  input: [{ type: 'message', role: 'user', content: text }],
  response: { id, object: 'response', output: [] },
});

test('a response is found by its owner alone, until it is deleted', async () => {
  const { store } = await openStore();
  expect(await saveResponse(store.db, stored('resp_1'), bounds)).toBe('saved');
  expect(await findResponse(store.db, { id: 'resp_1', keyId: 'one' })).toEqual(stored('resp_1'));
  expect(await findResponse(store.db, { id: 'resp_1', keyId: 'other' })).toBeUndefined();
  expect(await deleteResponse(store.db, { id: 'resp_1', keyId: 'other' })).toBe(false);
  expect(await deleteResponse(store.db, { id: 'resp_1', keyId: 'one' })).toBe(true);
  expect(await findResponse(store.db, { id: 'resp_1', keyId: 'one' })).toBeUndefined();
});

test('a response is replaced by its owner alone', async () => {
  const { store } = await openStore();
  await saveResponse(store.db, stored('resp_1'), bounds);
  await saveResponse(store.db, { ...stored('resp_1'), response: { status: 'completed' } }, bounds);
  await saveResponse(store.db, { ...stored('resp_1'), keyId: 'other', response: { status: 'stolen' } }, bounds);
  const found = await findResponse(store.db, { id: 'resp_1', keyId: 'one' });
  expect(found?.response).toEqual({ status: 'completed' });
});

test('the responses of a key have a bound, and those whose time is over are dropped', async () => {
  const { store } = await openStore();
  expect(await saveResponse(store.db, stored('resp_1', 'x'.repeat(800)), bounds)).toBe('saved');
  expect(await saveResponse(store.db, stored('resp_2', 'x'.repeat(800)), bounds)).toBe('key_full');
  await saveResponse(store.db, { ...stored('resp_3'), keyId: 'other' }, { ...bounds, keepDays: -1 });
  expect(await findResponse(store.db, { id: 'resp_3', keyId: 'other' })).toBeUndefined();
  await dropOldResponses(store.db);
  const { length } = await store.db.selectFrom('responses').select('id').execute();
  expect(length).toBe(1);
});
