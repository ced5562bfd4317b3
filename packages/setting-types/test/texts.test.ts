import {
  hostAndPort,
  identifier,
  modelPattern,
  oneOf,
  someText,
  splitHostAndPort,
  textLike,
  token,
} from '@sluice/setting-types';
import { describe, expect, it } from 'vitest';
import { problemsOf } from './judge.ts';

describe('oneOf', () => {
  it('accepts its words, as they are written', () => {
    const type = oneOf(['ask', 'collect']);
    for (const word of ['ask', 'collect']) expect(problemsOf(type, word)).toEqual([]);
    for (const word of ['Ask', 'ask ', 1]) expect(problemsOf(type, word)).toEqual(['it: must be one of ask, collect']);
    expect(problemsOf(type)).toEqual(['it: is missing; it must be one of ask, collect']);
  });
});

describe('textLike', () => {
  it('accepts texts of its pattern only', () => {
    const type = textLike(/^[a-f]+$/, 'letters from a to f');
    expect(problemsOf(type, 'abc')).toEqual([]);
    expect(problemsOf(type, 'xyz')).toEqual(['it: must be letters from a to f']);
    expect(problemsOf(type, 7)).toEqual(['it: must be letters from a to f']);
  });
});

describe('someText', () => {
  it('accepts any text that is not empty', () => {
    for (const text of ['a', ' ', 'über', 'two\nlines']) expect(problemsOf(someText('a path'), text)).toEqual([]);
    expect(problemsOf(someText('a path'), '')).toEqual(['it: is empty; it must be a path']);
    expect(problemsOf(someText('a path'), ['a'])).toEqual(['it: must be a path']);
  });
});

describe('token', () => {
  it('accepts what a header can carry unchanged', () => {
    expect(problemsOf(token('a word'), 'sk-!~\'{}"')).toEqual([]);
    for (const text of ['a b', ' a', 'a\n', 'ä', '\u007f']) {
      expect(problemsOf(token('a word'), text)).toEqual(['it: must be a word']);
    }
  });
});

describe('identifier', () => {
  it.each(['a', '0', 'team-a.v2_x', 'A'.repeat(64)])('accepts %s', (text) => {
    expect(problemsOf(identifier(), text)).toEqual([]);
  });

  it.each(['-a', '.a', '_a', 'a b', 'a/b', 'a:b', '{a}', 'ä', 'A'.repeat(65)])('refuses %s', (text) => {
    expect(problemsOf(identifier(), text)).toEqual([
      'it: must be up to 64 letters, digits, dots, hyphens and underscores, a letter or digit first',
    ]);
  });
});

describe('modelPattern', () => {
  it.each(['gpt-4o', '*', 'org/model:free', '!(gpt)*', 'm'.repeat(200)])('accepts %s', (text) => {
    expect(problemsOf(modelPattern(), text)).toEqual([]);
  });

  it.each(['a b', ' a', 'a\t', 'm'.repeat(201)])('refuses %j', (text) => {
    expect(problemsOf(modelPattern(), text)).toEqual([
      'it: must be a model name or glob of up to 200 characters without spaces',
    ]);
  });
});

describe('hostAndPort', () => {
  it.each([
    ['redis-1:6379', { host: 'redis-1', port: 6379 }],
    ['10.0.0.1:1', { host: '10.0.0.1', port: 1 }],
    ['[::1]:65535', { host: '::1', port: 65_535 }],
    ['[fe80::1:2]:7000', { host: 'fe80::1:2', port: 7000 }],
  ])('accepts %s', (text, parts) => {
    expect(problemsOf(hostAndPort(), text)).toEqual([]);
    expect(splitHostAndPort(text)).toEqual(parts);
  });

  it.each([
    'redis',
    'redis:',
    ':6379',
    'redis:0',
    'redis:65536',
    '::1:6379',
    '[::1]',
    'redis://a:1',
    'u@a:1',
    'a b:1',
    'a/b:1',
    'a:1x',
  ])('refuses %s', (text) => {
    expect(problemsOf(hostAndPort(), text)).toEqual(['it: must be host:port with a port from 1 to 65535']);
    expect(splitHostAndPort(text)).toBeUndefined();
  });

  it('refuses a port alone, which YAML reads as a number', () => {
    expect(problemsOf(hostAndPort(), 6379)).toEqual(['it: must be host:port with a port from 1 to 65535']);
  });
});
