import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isObject, parseLossless, readChatBody, writeChanged, writeLossless } from '../../src/index.ts';
import type { JsonObject } from '../../src/index.ts';

/** Makes every text long enough for an edit of the text itself. */
const long = 'word '.repeat(1000);

const textOf = (members: readonly (readonly [string, string])[]): string =>
  `{${members.map(([key, written]) => `"${key}":${written}`).join(',')}}`;

const name = fc.constantFrom('a', 'b', 'model', 'stream', '1', '07', '__proto__', 'toJSON', '', 'é', 'a\\n', 'x\\"');
const number = fc.constantFrom('0', '-0', '1.0', '1e2', '0.7', '9007199254740993', '1e400', '-12', '20260102030405');
const string = fc.oneof(
  fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
  fc.constantFrom('"\\/"', '"\\u0041"', '"\\n\\t\\""', '"\uD800"', '"{\\"a\\":[1, 2]}"', '"\u0090\u009C#1"', '"1"'),
);
const space = fc.oneof({ weight: 9, arbitrary: fc.constant('') }, { weight: 1, arbitrary: fc.constantFrom(' ', '\n') });
const value = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.oneof(number, string, fc.constantFrom('true', 'false', 'null')),
    fc.tuple(space, fc.array(tie('value'), { maxLength: 3 })).map(([gap, items]) => `[${items.join(`,${gap}`)}]`),
    fc.array(fc.tuple(name, tie('value')), { maxLength: 3 }).map(textOf),
  ),
})).value;

const body = fc
  .tuple(
    fc.array(fc.tuple(name, value), { maxLength: 5 }),
    fc.uniqueArray(fc.tuple(fc.constantFrom('model', 'stream', 'stream_options', 'temperature'), value), {
      selector: ([key]) => key,
    }),
    fc.nat(9),
  )
  .map(([some, known, at]) => {
    const members: (readonly [string, string])[] = [...some, ...known];
    members.splice(at, 0, ['pad', JSON.stringify(long)]);
    return textOf(members);
  });

const changes: fc.Arbitrary<JsonObject> = fc.dictionary(
  fc.constantFrom('model', 'stream', 'stream_options', 'temperature', 'a', 'b', 'pad', 'new', '2', '__proto__', 'x"'),
  fc.constantFrom(undefined, 'mock', 'quote " \u0090\u009C#1', true, false, null, 1, { include_usage: true }, [1]),
);

function parsed(text: string): JsonObject {
  const object = readChatBody(text, 'embeddings');
  if (!isObject(object)) throw new Error('not an object');
  return object;
}

describe('writeChanged', () => {
  it('writes what writeLossless writes for a changed copy', () => {
    fc.assert(
      fc.property(body, changes, (text, members) => {
        const plain = parseLossless(text);
        if (!isObject(plain)) throw new Error('not an object');
        expect(writeChanged(parsed(text), members)).toBe(writeLossless({ ...plain, ...members }));
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['replaces a value', { model: 'other' }, '"a":1.0,"model":"other","stream":true'],
    ['leaves out a member', { stream: undefined }, '"a":1.0,"model":"m"'],
    ['leaves out the first member', { a: undefined }, '"model":"m","stream":true'],
    ['appends a member', { n: 9, gone: undefined }, '"a":1.0,"model":"m","stream":true,"n":9'],
  ])('%s', (_, members, left) => {
    const text = (inner: string): string => `{${inner},"pad":"${long}"}`;
    const before = text('"a":1.0,"model":"m","stream":true');
    const after = writeChanged(parsed(before), members);
    expect(after.replace(`"pad":"${long}",`, '').replace(`,"pad":"${long}"`, '')).toBe(`{${left}}`);
  });

  it('does not use the text of an object for its copies', () => {
    const original = parsed(`{"a":1,"pad":"${long}"}`);
    expect(writeChanged({ ...original, a: 2 }, {})).toBe(`{"a":2,"pad":"${long}"}`);
  });

  it('gives the last of repeated names only', () => {
    const text = `{"model":"m","messages":[{"role":"user","role":"system","content":"${long}"}]}`;
    expect(writeChanged(parsed(text), { model: 'n' })).toBe(
      `{"model":"n","messages":[{"role":"system","content":"${long}"}]}`,
    );
  });
});
