import { bytes, flag, fraction, listenPort, milliseconds, wholeNumber } from '@sluice/setting-types';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { problemsOf } from './judge.ts';

describe('wholeNumber', () => {
  it('includes both bounds', () => {
    const type = wholeNumber(2, 4);
    for (const value of [2, 3, 4]) expect(problemsOf(type, value)).toEqual([]);
    for (const value of [1, 5, -3, 2.5])
      expect(problemsOf(type, value)).toEqual(['it: must be a whole number from 2 to 4']);
  });

  it.each([['3'], [true], [[3]], [{}], [Number.NaN], [Number.POSITIVE_INFINITY]])('refuses %j', (value) => {
    expect(problemsOf(wholeNumber(1), value)).toContain('it: must be a whole number, 1 or more');
  });

  it('names a maximum only to a number that is above it, if the maximum is that of exact numbers', () => {
    expect(problemsOf(wholeNumber(1), 0)).toEqual(['it: must be a whole number, 1 or more']);
    expect(problemsOf(wholeNumber(1), 2 ** 60)).toEqual(['it: must be a whole number from 1 to 9007199254740991']);
  });

  it('names its unit', () => {
    expect(problemsOf(wholeNumber(1, undefined, 'bytes'), 'x')).toEqual([
      'it: must be a whole number of bytes, 1 or more',
    ]);
    expect(problemsOf(wholeNumber(1, 9, 'bytes'), 'x')).toEqual(['it: must be a whole number of bytes from 1 to 9']);
  });

  it('lets checks over several fields run for a number that is not whole', () => {
    const type = z.object({ low: wholeNumber(0), high: wholeNumber(0) }).superRefine((value, context) => {
      if (value.low > value.high) context.addIssue({ code: 'custom', message: 'reversed' });
    });
    const messages = type.safeParse({ low: 2.5, high: 1 }).error?.issues.map(({ message }) => message);
    expect(messages).toEqual(['must be a whole number, 0 or more', 'reversed']);
  });

  it('has the words of its errors as its type in the documentation', () => {
    expect(z.toJSONSchema(wholeNumber(1, 9))).toMatchObject({
      'x-wants': 'a whole number from 1 to 9',
      minimum: 1,
      maximum: 9,
    });
  });
});

describe('fraction', () => {
  it('includes both bounds and everything between them', () => {
    for (const value of [0, 0.25, 1]) expect(problemsOf(fraction(0, 1), value)).toEqual([]);
    for (const value of [-0.01, 1.01, '0.5', null]) expect(problemsOf(fraction(0, 1), value)).toHaveLength(1);
    expect(problemsOf(fraction(0, 1), 2)).toEqual(['it: must be a number from 0 to 1']);
  });
});

describe('the units', () => {
  it('milliseconds end at the longest timer of Node', () => {
    expect(problemsOf(milliseconds(), 2 ** 31 - 1)).toEqual([]);
    const wanted = 'it: must be a whole number of milliseconds from 1 to 2147483647';
    for (const value of [0, 2 ** 31]) expect(problemsOf(milliseconds(), value)).toEqual([wanted]);
    expect(problemsOf(milliseconds(0), 0)).toEqual([]);
    expect(problemsOf(milliseconds(1000), 999)).toEqual([
      'it: must be a whole number of milliseconds from 1000 to 2147483647',
    ]);
  });

  it('bytes end at the longest text of V8', () => {
    expect(problemsOf(bytes(), 2 ** 29 - 24)).toEqual([]);
    expect(problemsOf(bytes(), 2 ** 29)).toEqual(['it: must be a whole number of bytes from 1 to 536870888']);
    expect(problemsOf(bytes(), 0)).toHaveLength(1);
  });

  it('ports to listen on include 0, which means any free one', () => {
    for (const port of [0, 80, 65_535]) expect(problemsOf(listenPort(), port)).toEqual([]);
    for (const port of [-1, 65_536, '80']) {
      expect(problemsOf(listenPort(), port)).toEqual(['it: must be a whole number from 0 to 65535']);
    }
  });
});

describe('flag', () => {
  it('is true or false, not a word for them', () => {
    for (const value of [true, false]) expect(problemsOf(flag(), value)).toEqual([]);
    for (const value of ['true', 'yes', 1]) expect(problemsOf(flag(), value)).toEqual(['it: must be true or false']);
    expect(problemsOf(flag(), null)).toEqual(['it: is empty; it must be true or false']);
  });
});
