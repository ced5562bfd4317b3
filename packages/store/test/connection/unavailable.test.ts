import { expect, test } from 'vitest';
import { isRefusedData, StoreUnavailable, toStoreError } from '../../src/connection/unavailable.ts';

const withCode = (code: string, message = 'it failed'): Error => Object.assign(new Error(message), { code });

test.each([
  [withCode('ECONNREFUSED', ''), 'unreachable'],
  [withCode('08006'), 'unreachable'],
  [new Error('Connection terminated unexpectedly'), 'unreachable'],
  [new Error('timeout exceeded when trying to connect'), 'timeout'],
  [new Error('Query read timeout'), 'timeout'],
  [withCode('57014'), 'timeout'],
  [withCode('28P01'), 'refused'],
  [withCode('53300'), 'refused'],
  [withCode('53100'), 'not_ready'],
  [withCode('57P03'), 'not_ready'],
  [withCode('25006'), 'read_only'],
  [withCode('40P01'), 'conflict'],
  [withCode('42501'), 'refused'],
  [withCode('42P01'), 'not_migrated'],
])('%s means %s', (error, reason) => {
  const storeError = toStoreError(error);
  expect(storeError).toBeInstanceOf(StoreUnavailable);
  expect(storeError).toMatchObject({ reason });
});

test('leaves the errors that are the fault of a call', () => {
  for (const error of [withCode('23505'), withCode('22P05'), new TypeError('bug')])
    expect(toStoreError(error)).toBe(error);
});

test('names the cause of a failed connection whose message is empty', () => {
  expect(toStoreError(withCode('ECONNREFUSED', ''))).toMatchObject({
    message: expect.stringContaining('ECONNREFUSED'),
  });
});

test('tells refused data from faults of a statement', () => {
  expect(['22003', '23514', '54000', '42601', '57014'].map((code) => isRefusedData(withCode(code)))).toEqual([
    true,
    true,
    true,
    false,
    false,
  ]);
});
