import { expect, it } from 'vitest';
import { decodeCursor, encodeCursor } from '../../src/admin/request-cursor.ts';

it('gives a place back', () => {
  const place = { arrivedAt: 1_796_000_000_000, id: 'ä-1' };
  expect(decodeCursor(encodeCursor(place))).toEqual(place);
});

it.each(['', 'x', encodeCursor({ arrivedAt: 1.5, id: '' })])('refuses %j', (text) => {
  expect(() => decodeCursor(text)).toThrow(/after/);
});
