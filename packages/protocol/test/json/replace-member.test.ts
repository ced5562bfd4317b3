import { replaceMember } from '@sluice/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

describe('replacing a member in the text of an object', () => {
  it('changes its value and keeps every other byte', () => {
    const text = '{ "big": 12345678901234567890,\n  "model" : "old" , "list":[{"model":"inner"}],"esc":"\\u0041\\/"}';
    expect(replaceMember(text, 'model', '"new"')).toBe(text.replace('"old"', '"new"'));
  });

  it.each([
    ['{"model":{"a":[1,"}"]},"b":1}', '{"model":"x","b":1}'],
    ['{"model":12}', '{"model":"x"}'],
    ['{"a":"model","model":null}', '{"a":"model","model":"x"}'],
    ['{"mod\\u0065l":"a","model":"b"}', '{"mod\\u0065l":"x","model":"x"}'],
    ['{"a":["model"],"model":"b"}', '{"a":["model"],"model":"x"}'],
  ])('turns %s into %s', (text, expected) => {
    expect(replaceMember(text, 'model', '"x"')).toBe(expected);
  });

  it('finds nothing in an object without the member', () => {
    expect(replaceMember('{"a":{"model":1},"b":"model"}', 'model', '"x"')).toBeUndefined();
  });

  it('does the same as parsing and writing, for any object', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue(), fc.nat(3), (object, old, indent) => {
        const text = JSON.stringify({ ...object, model: old }, undefined, indent);
        const replaced = replaceMember(text, 'model', '"x"') ?? '';
        expect(JSON.parse(replaced)).toEqual({ ...(JSON.parse(text) as object), model: 'x' });
      }),
    );
  });
});
