import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseLossless, respell, unmarkText, writeLossless } from '../../src/index.ts';

/** JSON as it is written, with values that JavaScript can't hold. */
type Node =
  | { readonly kind: 'token'; readonly text: string }
  | { readonly kind: 'array'; readonly items: readonly Node[] }
  | { readonly kind: 'object'; readonly members: readonly (readonly [name: string, value: Node])[] };

const marker = '\u0090\u009C';
const asEscapes = (text: string): string =>
  `"${text
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')}"`;

/** Texts that resemble the module's own marked strings. */
const oddText = fc.constantFrom(
  marker,
  `${marker}#1`,
  `${marker}=12`,
  `${marker}!x`,
  `\\"${marker}#12\\"`,
  `"${marker}!`,
  `{"${marker}=1":"${marker}#5"}`,
  '\u0090',
  '{"a":1.0}',
  '1.0',
  '12',
  '\uD800',
  'toJSON',
);
const text = fc.oneof(fc.string({ unit: 'binary' }), oddText, fc.string());
const name = fc.oneof(
  fc.constantFrom('0', '1', '2', '10', '007', '4294967295', '9007199254740993', '-1', '1.5', '__proto__', 'toJSON', ''),
  fc.constantFrom('a', 'b', 'constructor', 'length'),
  text,
);
const digits = fc.stringMatching(/^-?(?:0|[1-9]\d{0,24})(?:\.\d{1,22})?(?:[eE][+-]?\d{1,3})?$/);
const number = fc.oneof(
  digits,
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.constantFrom('9007199254740993', '1e400', '-1e400', '1e-400', '-0', '-0.0', '1.0', '1e2', '1E+2', '0.10', '1e21'),
  fc.constantFrom('100000000000000000000', '1000000000000000000000', '0.1000000000000000055', '0.0000001', '-0e0'),
);
const escapedChoice = fc.tuple(text, fc.boolean());
const node: fc.Arbitrary<Node> = fc.letrec<{ node: Node }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.oneof(
      number.map((token): Node => ({ kind: 'token', text: token })),
      fc.constantFrom('true', 'false', 'null').map((token): Node => ({ kind: 'token', text: token })),
      escapedChoice.map(([value, isEscaped]): Node => ({
        kind: 'token',
        text: isEscaped ? asEscapes(value) : JSON.stringify(value),
      })),
    ),
    fc.array(tie('node'), { maxLength: 5 }).map((items): Node => ({ kind: 'array', items })),
    fc.array(fc.tuple(fc.tuple(name, fc.boolean()), tie('node')), { maxLength: 6 }).map((members): Node => ({
      kind: 'object',
      members: members.map(([[key, isEscaped], value]) => [isEscaped ? asEscapes(key) : JSON.stringify(key), value]),
    })),
  ),
})).node;

function print(node: Node, space: string): string {
  if (node.kind === 'token') return node.text;
  if (node.kind === 'array')
    return `[${space}${node.items.map((item) => print(item, space)).join(`${space},${space}`)}${space}]`;
  const members = node.members.map(([key, value]) => `${key}${space}:${space}${print(value, space)}`);
  return `{${space}${members.join(`${space},${space}`)}${space}}`;
}

/**
 * Returns the JSON with strings as JSON.stringify writes them; of repeated names, the last value at the first position.
 */
function expected(node: Node): string {
  if (node.kind === 'token') return node.text.startsWith('"') ? JSON.stringify(JSON.parse(node.text)) : node.text;
  if (node.kind === 'array') return `[${node.items.map(expected).join(',')}]`;
  const members = new Map(node.members.map(([key, value]) => [JSON.stringify(JSON.parse(key)), expected(value)]));
  return `{${[...members].map(([key, value]) => `${key}:${value}`).join(',')}}`;
}

describe('lossless JSON', () => {
  it('is written with the same digits and the same order of members', () => {
    fc.assert(
      fc.property(node, fc.constantFrom('', ' ', '\n\t', '\r\n'), (tree, space) => {
        expect(writeLossless(parseLossless(print(tree, space)))).toBe(expected(tree));
      }),
      { numRuns: 500 },
    );
  });

  it('accepts and refuses the same texts as JSON.parse', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.string(),
          node.map((tree) => print(tree, ' ')),
        ),
        (text) => {
          let right: unknown;
          try {
            right = JSON.parse(text);
          } catch {
            expect(() => parseLossless(text)).toThrow(SyntaxError);
            return;
          }
          if (writeLossless(right) === JSON.stringify(right)) {
            expect(JSON.parse(writeLossless(parseLossless(text)))).toEqual(right);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it.each([
    '{"seed":9223372036854775807}',
    '{"a":{"maximum":9223372036854775807,"minimum":-9223372036854775808}}',
    '[2512292042121000001,1e400,-0,1.0,1e2,0.10]',
    '{"b":1,"10":2,"9":3,"a":4}',
    '{"properties":{"2":{"type":"string"},"1":{"type":"integer","default":1.0}},"required":["2","1"]}',
    '{"__proto__":{"1":1.0},"constructor":1}',
    '{"arguments":"{\\"id\\":2512292042121000001,\\"1\\":1.0}"}',
    `{"content":"${marker}#1","${marker}=2":1.0}`,
    '1.0',
    '12345678901234567890',
    '"1.0"',
  ])('keeps %s', (json) => {
    expect(writeLossless(parseLossless(json))).toBe(json);
  });

  it('uses the last of repeated names, at the position of the first', () => {
    expect(writeLossless(parseLossless('{"a":1.0,"1":5,"a":9007199254740993,"1":6}'))).toBe(
      '{"a":9007199254740993,"1":6}',
    );
  });

  it('returns numbers wherever a double holds them', () => {
    expect(parseLossless('{"temperature":1.0,"n":1e0,"top_p":0.50,"seed":-0}')).toMatchObject({
      temperature: 1,
      n: 1,
      top_p: 0.5,
      seed: -0,
    });
  });

  it('keeps digits in values that are extracted, spread, or rebuilt', () => {
    const body = parseLossless(
      '{"t":1.0,"tools":[{"x":{"max":9223372036854775807,"min":1.0}}],"seed":18446744073709551615}',
    );
    if (typeof body !== 'object' || body === null) throw new Error('not an object');
    expect(writeLossless({ ...body, model: 'm' })).toBe(
      '{"t":1.0,"tools":[{"x":{"max":9223372036854775807,"min":1.0}}],"seed":18446744073709551615,"model":"m"}',
    );
    expect(writeLossless(Object.fromEntries(Object.entries(body)))).toBe(
      '{"t":1,"tools":[{"x":{"max":9223372036854775807,"min":1.0}}],"seed":18446744073709551615}',
    );
    expect(writeLossless({ wrapped: respell({ ...body, tools: 0 }) })).toBe(
      '{"wrapped":{"t":1.0,"tools":0,"seed":18446744073709551615}}',
    );
    expect(writeLossless({ ...body, t: 2, tools: undefined })).toBe('{"t":2,"seed":18446744073709551615}');
  });

  it('leaves values that JSON.stringify writes by itself in their plain form', () => {
    expect(JSON.stringify(parseLossless('{"a":[1.0,{"b":1e2}]}'))).toBe('{"a":[1,{"b":100}]}');
  });

  it('returns the original of a marked name or number', () => {
    const [[, number], [integer]] = Object.entries(parseLossless('{"a":18446744073709551615,"1":0}') as object) as [
      [string, string],
      [string, unknown],
    ];
    expect([number, integer, 'plain', `${marker}!x`].map(unmarkText)).toEqual([
      '18446744073709551615',
      '1',
      'plain',
      `${marker}x`,
    ]);
  });
});
