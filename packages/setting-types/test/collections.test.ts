import { listOf, mappingOf, must, textLike, wholeNumber } from '@sluice/setting-types';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { problemsOf } from './judge.ts';

describe('listOf', () => {
  const type = listOf(wholeNumber(1), 'a list of numbers');

  it('accepts any number of items, none too', () => {
    for (const list of [[], [1], [1, 2, 3]]) expect(problemsOf(type, list)).toEqual([]);
  });

  it('names each item that is wrong', () => {
    expect(problemsOf(type, [1, 0, 'x'])).toEqual([
      'it.1: must be a whole number, 1 or more',
      'it.2: must be a whole number, 1 or more',
    ]);
  });

  it.each([[1], ['1, 2'], [{ 0: 1 }]])('refuses %j, which is not a list', (value) => {
    expect(problemsOf(type, value)).toEqual(['it: must be a list of numbers']);
  });
});

describe('mappingOf', () => {
  const name = z.string(must('a name of a to f')).regex(/^[a-f]+$/, must('a name of a to f'));
  const type = mappingOf(name, textLike(/^\d+$/, 'digits'), 'a mapping of names to digits');

  it('accepts names of the type of its names', () => {
    expect(problemsOf(type, {})).toEqual([]);
    expect(problemsOf(type, { a: '1', face: '22' })).toEqual([]);
  });

  it('names the value that is wrong, and says what its name must be', () => {
    expect(problemsOf(type, { a: 'x' })).toEqual(['it.a: must be digits']);
    expect(problemsOf(type, { xyz: '1' })).toEqual(['it.xyz: must be a name of a to f']);
  });

  it.each([['a: 1'], [5], [['a']]])('refuses %j, which is not a mapping', (value) => {
    expect(problemsOf(type, value)).toEqual(['it: must be a mapping of names to digits']);
  });

  it('is missing or empty in the words of the mapping', () => {
    expect(problemsOf(type)).toEqual(['it: is missing; it must be a mapping of names to digits']);
    expect(problemsOf(type, null)).toEqual(['it: is empty; it must be a mapping of names to digits']);
  });
});
