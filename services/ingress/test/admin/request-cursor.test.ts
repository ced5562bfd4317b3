import { expect, it } from 'vitest';
import { decodeCursor, encodeCursor } from '../../src/admin/request-cursor.ts';

it('gives a place back', () => {
  const place = { arrivedAt: 1_796_000_000_000, id: 'ä-1' };
  expect(decodeCursor(encodeCursor(place))).toEqual(place);
});

it.each(['', 'x', ...[1.5, -1, 1e15].map((arrivedAt) => encodeCursor({ arrivedAt, id: '' }))])('refuses %j', (text) => {
  expect(() => decodeCursor(text)).toThrow(/after/);
});
