import { inspectJson, type JsonLimits, measureJsonText } from '@sluice/protocol';
import fc from 'fast-check';
import { describe, expect, inject, it } from 'vitest';

const bytesOf = (text: string) => new TextEncoder().encode(text);
const inspect = (text: string, limits: Partial<JsonLimits> = {}) =>
  inspectJson(bytesOf(text), { maxDepth: 64, maxElements: 1_000_000, ...limits });

/** Depth and elements of a JSON text, computed in a slow and simple way. */
function measured(text: string): { depth: number; elements: number } {
  const structure = text.replace(/"(?:\\.|[^"\\])*"/gs, '');
  let depth = 0;
  let deepest = 0;
  for (const char of structure) {
    if ('[{'.includes(char)) deepest = Math.max(deepest, ++depth);
    if (']}'.includes(char)) depth--;
  }
  return { depth: deepest, elements: structure.replace(/[^,[{]/g, '').length };
}

describe('the depth of a JSON text', () => {
  it.each([
    ['a number', '5', 0],
    ['a string', '"[[[["', 0],
    ['an empty list', '[]', 1],
    ['an object', '{"a":[{}]}', 3],
    ['lists side by side', '[[],[],[[]]]', 3],
    ['short strings with escapes', String.raw`["\"[[",["\\"],"\\\\",[["\\\"[["]]]`, 3],
    ['long strings', `["${'x'.repeat(500)}[[",[["${'x'.repeat(500)}"]]]`, 3],
    ['long strings with escapes', `["${'x'.repeat(500)}\\"[[${'\\\\'.repeat(300)}",[["${'x'.repeat(50)}\\\\"]]]`, 3],
    ['strings with multi-byte characters', `["${'é'.repeat(200)}[",["${'🙂'.repeat(200)}"]]`, 2],
  ])('of %s is found', (_what, text, depth) => {
    expect(measured(text).depth).toBe(depth);
    expect(inspect(text, { maxDepth: depth })).toBe('ok');
    if (depth > 0) expect(inspect(text, { maxDepth: depth - 1 })).toBe('too_deep');
  });

  it('is refused beyond the limit of 64 levels', () => {
    const nested = (depth: number) => `${'[{"a":'.repeat(depth / 2)}5${'}]'.repeat(depth / 2)}`;
    expect(inspect(nested(64))).toBe('ok');
    expect(inspect(nested(66))).toBe('too_deep');
  });
});

describe('the members of a JSON text', () => {
  it('have a separate limit, whatever strings contain', () => {
    const text = '{"a:b":1,"c":{"d":[":",":"]}}';
    expect(inspect(text, { maxMembers: 3 })).toBe('ok');
    expect(inspect(text, { maxMembers: 2 })).toBe('too_many_members');
  });
});

describe('the lists and objects of a JSON text', () => {
  it('have a separate limit, whatever strings contain', () => {
    const text = '{"a":[1,2,3,[],"[{"],"b":{}}';
    expect(inspect(text, { maxOpenings: 4 })).toBe('ok');
    expect(inspect(text, { maxOpenings: 3 })).toBe('too_many_containers');
  });
});

describe('the elements of a JSON text', () => {
  it('are its commas and opening brackets', () => {
    expect(inspect('{"a":[1,2,",,,["],"b":{}}', { maxElements: 6 })).toBe('ok');
    expect(inspect('{"a":[1,2,",,,["],"b":{}}', { maxElements: 5 })).toBe('too_many_elements');
  });
});

describe('any JSON text', () => {
  const text = fc.oneof(
    fc.json({ maxDepth: 8 }),
    fc
      .tuple(fc.jsonValue({ maxDepth: 4 }), fc.string({ unit: 'binary', minLength: 60, maxLength: 200 }))
      .map((both) => JSON.stringify(both)),
    fc.array(fc.stringMatching(/^["\\[x]{0,150}$/)).map((strings) => JSON.stringify(strings)),
  );

  it('has the same depth and elements as computed in the slow way', () => {
    fc.assert(
      fc.property(text, (text) => {
        const { depth, elements } = measured(text);
        expect(inspect(text, { maxDepth: depth, maxElements: elements })).toBe('ok');
        if (depth > 0) expect(inspect(text, { maxDepth: depth - 1 })).toBe('too_deep');
        if (elements > 0) expect(inspect(text, { maxElements: elements - 1 })).toBe('too_many_elements');
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a text that is not JSON', () => {
  it('is inspected without a throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(['ok', 'too_deep', 'too_many_elements']).toContain(inspectJson(bytes, { maxDepth: 4, maxElements: 20 }));
      }),
    );
  });

  it.each(['', '"', '"\\', '"abc', `"${'x'.repeat(100)}`, `"${'x'.repeat(100)}\\"`, ']]]]', '\\"['])(
    '%j is ok',
    (text) => {
      expect(inspect(text)).toBe('ok');
    },
  );

  it('gains no depth from unmatched closing brackets', () => {
    expect(inspect(']]]][[[', { maxDepth: 2 })).toBe('too_deep');
  });
});

declare module 'vitest' {
  interface ProvidedContext {
    /** True while coverage is measured: each branch is counted, which takes three times as long. */
    isMeasuringCoverage: boolean;
  }
}

describe('a text of 20 MB', () => {
  const limitMs = inject('isMeasuringCoverage') ? 2000 : 500;
  const size = 20_000_000;
  const fill = (unit: string) => `["${unit.repeat(size / unit.length)}"]`;

  it.each([
    ['of one string', fill('x')],
    ['of escaped quotes', fill('\\"')],
    ['of escaped quotes far apart', fill(`${'x'.repeat(66)}\\"`)],
    ['of backslashes', fill('\\\\')],
    ['of short strings', `[${'"abcdefgh",'.repeat(size / 11)}5]`],
    ['of blanks', `[${' '.repeat(size)}]`],
  ])('%s is inspected in time', (_what, text) => {
    const bytes = bytesOf(text);
    // CPU time: on a busy machine wall-clock time would include other processes.
    const before = process.threadCpuUsage();
    expect(inspectJson(bytes, { maxDepth: 64, maxElements: 10_000_000 })).toBe('ok');
    const { user, system } = process.threadCpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(limitMs);
  });
});

describe('a text to be parsed', () => {
  const measure = (text: string, limits: { maxDepth?: number; maxElements?: number } = {}) =>
    measureJsonText(text, { maxDepth: 64, maxElements: 1_000_000, ...limits });
  const value = fc.oneof(fc.array(fc.jsonValue({ maxDepth: 6 })), fc.dictionary(fc.string(), fc.jsonValue()));

  it('gives the same measure as its bytes, with blanks around it', () => {
    fc.assert(
      fc.property(value, fc.constantFrom('', ' ', '\n\t\r '), (any, blank) => {
        const text = `${blank}${JSON.stringify(any, undefined, blank.length)}${blank}`;
        const { depth, elements } = measured(text);
        expect(measure(text)).toBe(elements);
        expect(measure(text, { maxElements: elements - 1 })).toBe('too_many_elements');
        expect(measure(text, { maxDepth: depth - 1, maxElements: elements })).toBe('too_deep');
      }),
    );
  });

  it('cut at any point never counts for more than the whole', () => {
    fc.assert(
      fc.property(value, fc.nat(), (any, at) => {
        const text = JSON.stringify(any);
        expect(measure(text.slice(0, at % text.length))).toBeLessThanOrEqual(measured(text).elements);
      }),
    );
  });

  it.each([
    ['', 0],
    ['   ', 0],
    ['5', 0],
    ['"[[[["', 0],
    ['no [[[[ JSON', 0],
    ['\ufeff[[[[', 0],
    ['[INFO] [[[[[[', 1],
    ['[1/4] [[[[', 1],
    ['[\u001b[32mok', 1],
    ['[] [[[[', 1],
    ['{} , [[[', 1],
    [String.raw`["\"[[", ["\\"], "\\\"[["]`, 4],
    ['["[[[[', 1],
  ])('%j has %i elements as far as a parser would read', (text, elements) => {
    expect(measure(text)).toBe(elements);
  });

  it.each([
    ['brackets', '['.repeat(1_000_000)],
    ['objects', '{"a":'.repeat(1_000_000)],
    ['brackets after an invalid start', `[tru, ${'['.repeat(1_000_000)}`],
  ])('of a million nested %s is too deep', (_, text) => {
    expect(measure(text)).toBe('too_deep');
  });
});
