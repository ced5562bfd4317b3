import { inWords, must, section, someText } from '@sluice/setting-types';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { problemsOf } from './judge.ts';

describe('must', () => {
  const type = z.string(must('a colour')).regex(/^(?:red|blue)$/, must('a colour'));

  it('says what is wanted, whether the setting is missing, empty or wrong', () => {
    expect(problemsOf(type)).toEqual(['it: is missing; it must be a colour']);
    expect(problemsOf(type, null)).toEqual(['it: is empty; it must be a colour']);
    expect(problemsOf(type, '')).toEqual(['it: is empty; it must be a colour']);
    expect(problemsOf(type, 5)).toEqual(['it: must be a colour']);
  });

  it('never repeats the value, which may be a misplaced secret', () => {
    expect(problemsOf(type, 'sk-hidden')).toEqual(['it: must be a colour']);
  });
});

describe('inWords', () => {
  it('gives the documentation the text of the type, and changes no value', () => {
    const type = inWords(z.string(), 'a colour');
    expect(z.toJSONSchema(type)).toMatchObject({ type: 'string', 'x-wants': 'a colour' });
    expect(type.parse('red')).toBe('red');
  });
});

describe('section', () => {
  const type = section({ host: someText('a host').optional() });

  it('accepts only its own settings', () => {
    expect(problemsOf(type, { host: 'h' })).toEqual([]);
    expect(problemsOf(type, {})).toEqual([]);
    expect(type.safeParse({ hots: 'h' }).error?.issues).toMatchObject([{ code: 'unrecognized_keys', keys: ['hots'] }]);
  });

  it.each([[5], ['text'], [['host']], [true]])('refuses %j', (value) => {
    expect(problemsOf(type, value)).toEqual(['it: must be a mapping of settings']);
  });

  it('names the setting within it that is wrong', () => {
    expect(problemsOf(type, { host: '' })).toEqual(['it.host: is empty; it must be a host']);
  });
});
