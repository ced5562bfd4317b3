import { isEmpty, isFilled, isObject, itemsOf, membersOf } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';

describe('a JSON value', () => {
  it.each([
    [{}, true],
    [Object.create(null), true],
    [[], false],
    [null, false],
    [undefined, false],
    ['text', false],
    [1, false],
  ])('%j is an object: %s', (value, expected) => {
    expect(isObject(value)).toBe(expected);
  });

  it.each([
    ['a', true],
    [' ', true],
    ['', false],
    [null, false],
    [1, false],
    [['a'], false],
  ])('%j is a filled text: %s', (value, expected) => {
    expect(isFilled(value)).toBe(expected);
  });

  it.each([
    [undefined, true],
    [null, true],
    ['', true],
    [[], true],
    [{}, false],
    [0, false],
    [false, false],
    ['a', false],
    [[null], false],
  ])('%j is empty: %s', (value, expected) => {
    expect(isEmpty(value)).toBe(expected);
  });

  it('is read as an object or list without a copy, and as an empty one if it is something else', () => {
    const object = { a: 1 };
    const list = [1];
    expect(membersOf(object)).toBe(object);
    expect(itemsOf(list)).toBe(list);
    for (const other of [null, undefined, 'text', 1]) expect([membersOf(other), itemsOf(other)]).toEqual([{}, []]);
    expect([membersOf(list), itemsOf(object)]).toEqual([{}, []]);
  });
});
