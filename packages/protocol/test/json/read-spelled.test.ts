import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseLossless, writeLossless } from '../../src/index.ts';
import { marker } from '../../src/json/marks.ts';
import { readSpelled, withSpellings } from '../../src/json/read-spelled.ts';

/** Members of an object in their order. */
const membersOf = (value: unknown): [string, unknown][] =>
  typeof value === 'object' && value !== null ? Object.entries(value) : [];

describe('a spelled reading', () => {
  it.each<[text: string, value: unknown]>([
    ['true', true],
    [' false ', false],
    ['null', null],
    ['-12.5', -12.5],
    ['""', ''],
    [String.raw`"a\"\\\u0041\n"`, 'a"\\A\n'],
    ['[]', []],
    ['{}', {}],
    ['[1,[true,null],{"a":"b"},false]', [1, [true, null], { a: 'b' }, false]],
    ['\r\n{\t"a" :\n[ 1 , 2 ] , "b": { } }\n', { a: [1, 2], b: {} }],
    ['[9007199254740993]', [`${marker}#9007199254740993`]],
    ['{"a":-1e400}', { a: `${marker}#-1e400` }],
    // No object holds the spelling of a number alone.
    ['1.0', `${marker}#1.0`],
    [`"${marker}x"`, `${marker}!x`],
  ])('of %s gives %j', (text, value) => {
    expect(readSpelled(text)).toEqual(value);
  });

  it('marks names that JavaScript would move to the front, and keeps the order', () => {
    expect(membersOf(readSpelled(String.raw`{"b":1,"10":2,"\u0039":3,"-1":4,"01":5}`))).toEqual([
      ['b', 1],
      [`${marker}=10`, 2],
      [`${marker}=9`, 3],
      ['-1', 4],
      ['01', 5],
    ]);
  });

  it('takes `__proto__` as an ordinary name', () => {
    const value = readSpelled('{"__proto__":{"a":1},"b":2}');
    expect(membersOf(value)).toEqual([
      ['__proto__', { a: 1 }],
      ['b', 2],
    ]);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  it.each([
    ['{"a":1.0,"b":[1e2,{"c":-0}]}', '{"a":1,"b":[100,{"c":0}]}'],
    ['[[0.10],1.0,10]', '[[0.1],1,10]'],
    ['{"a":1.0,"toJSON":2.0}', undefined],
  ])('of %s keeps its spelling, which only lossless writing shows', (text, plain) => {
    const value = readSpelled(text);
    expect(writeLossless(value)).toBe(text);
    if (plain !== undefined) expect(JSON.stringify(value)).toBe(plain);
  });

  it.each([
    ['{"a":1.0,"a":1}', '{"a":1}'],
    ['{"a":1,"b":2,"a":1.0}', '{"a":1.0,"b":2}'],
    ['{"a":1.0,"a":[1]}', '{"a":[1]}'],
  ])('of repeated names takes the last: %s', (text, written) => {
    expect(writeLossless(readSpelled(text))).toBe(written);
  });

  it('equals lossless parsing for texts that need no spelling', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 2, '\t'), (value, space) => {
        const text = JSON.stringify(value, undefined, space);
        expect(writeLossless(readSpelled(text))).toBe(writeLossless(parseLossless(text)));
      }),
    );
  });
});

describe('spellings', () => {
  it('of no member leave an object as it is', () => {
    const object = { a: 1 };
    expect(withSpellings(object, new Map())).toBe(object);
    expect(Reflect.ownKeys(object)).toEqual(['a']);
  });

  it.each<[what: string, container: object, sources: [string, string][], written: string]>([
    ['an object', { a: 1, b: 2 }, [['a', '1.0']], '{"a":1.0,"b":2}'],
    ['an array', [1, 100], [['1', '1e2']], '[1,1e2]'],
    ['an object with the name `toJSON`', { toJSON: 1, a: 2 }, [['a', '2.0']], '{"toJSON":1,"a":2.0}'],
  ])('of members of %s are written', (_what, container, sources, written) => {
    expect(writeLossless(withSpellings(container, new Map(sources)))).toBe(written);
  });

  it('do not hide that a number has changed', () => {
    const object = { a: 1, b: 2 };
    withSpellings(
      object,
      new Map([
        ['a', '1.0'],
        ['b', '2.0'],
      ]),
    );
    object.a = 3;
    expect(writeLossless(object)).toBe('{"a":3,"b":2.0}');
  });
});
