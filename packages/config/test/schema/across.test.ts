import { wholeNumber } from '@sluice/setting-types';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  across,
  fieldOf,
  type Finding,
  findRepeated,
  findReversed,
  itemsOf,
  textField,
} from '../../src/schema/across.ts';

const told = (findings: Iterable<Finding>): string[] =>
  [...findings].map(({ path, message }) => `${path.join('.')}: ${message}`);

describe('across', () => {
  const type = across(z.strictObject({ low: wholeNumber(0), high: wholeNumber(0) }), (value) =>
    findReversed({ value, lower: 'low', upper: 'high' }),
  );
  const problems = (value: unknown) =>
    type.safeParse(value).error?.issues.map(({ path, message }) => [...path, message]);

  it('reports its findings beside the problems of single fields', () => {
    expect(problems({ low: 3, high: 2, other: 1 })).toEqual([
      ['Unrecognized key: "other"'],
      ['low', 'must not be above high, which is 2'],
    ]);
  });

  it.each([[undefined], [null], ['text'], [[]], [{ low: 'x' }]])('gets the raw value, of any shape: %j', (value) => {
    expect(problems(value)?.length).toBeGreaterThan(0);
  });

  it('changes nothing of a value without findings', () => {
    expect(type.parse({ low: 1, high: 2 })).toEqual({ low: 1, high: 2 });
  });
});

describe('fieldOf', () => {
  it('returns own fields of mappings only', () => {
    expect(fieldOf({ a: 1 }, 'a')).toBe(1);
    expect(fieldOf({}, 'toString')).toBeUndefined();
    expect(fieldOf({}, '__proto__')).toBeUndefined();
    for (const value of [undefined, null, 'text', 5]) expect(fieldOf(value, 'length')).toBeUndefined();
  });
});

describe('itemsOf', () => {
  it('returns the items of a list with their indexes, and none of other values', () => {
    expect(itemsOf(['a', 'b'])).toEqual([
      [0, 'a'],
      [1, 'b'],
    ]);
    for (const value of [undefined, null, 'ab', { 0: 'a' }]) expect(itemsOf(value)).toEqual([]);
  });
});

describe('findRepeated', () => {
  const find = (list: unknown): string[] =>
    told(findRepeated({ list, nameOf: textField('id'), field: ['id'], message: (first) => `is taken by ${first}` }));

  it('names every later item, with the first of its name', () => {
    expect(find([{ id: 'a' }, { id: 'b' }, { id: 'a' }, { id: 'b' }, { id: 'a' }])).toEqual([
      '2.id: is taken by 0',
      '3.id: is taken by 1',
      '4.id: is taken by 0',
    ]);
  });

  it('skips items without a name', () => {
    expect(find([{}, {}, 'text', null, { id: 5 }, { id: 5 }])).toEqual([]);
    expect(find('no list')).toEqual([]);
  });
});

describe('findReversed', () => {
  const bounds = { lower: 'low', upper: 'high' };

  it('accepts equal bounds', () => {
    expect(told(findReversed({ ...bounds, value: { low: 2, high: 2 } }))).toEqual([]);
  });

  it('names the bound that the operator wrote', () => {
    const otherwise = { low: 5, high: 9 };
    expect(told(findReversed({ ...bounds, otherwise, value: { low: 10 } }))).toEqual([
      'low: must not be above high, which is 9',
    ]);
    expect(told(findReversed({ ...bounds, otherwise, value: { high: 4 } }))).toEqual([
      'high: must not be below low, which is 5',
    ]);
    expect(told(findReversed({ ...bounds, otherwise, value: { low: 3, high: 1 } }))).toEqual([
      'low: must not be above high, which is 1',
    ]);
  });

  it.each([[{ low: 5 }], [{ low: 'x', high: 1 }], [null]])('says nothing about %j', (value) => {
    expect(told(findReversed({ ...bounds, value }))).toEqual([]);
  });
});
