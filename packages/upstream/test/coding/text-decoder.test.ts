import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBodyDecoder } from '../../src/coding/text-decoder.ts';

const types = [undefined, 'text/event-stream', 'text/event-stream; charset=utf-8'];

function decode(bytes: Buffer, cuts: readonly number[], isLenient = false): string {
  const decoder = createBodyDecoder(undefined, isLenient);
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  const pieces = places.slice(1).map((end, at) => bytes.subarray(places[at], end));
  return pieces.map((piece) => decoder.decode(piece)).join('') + decoder.decode();
}

const cutsOf = fc.array(fc.nat(), { maxLength: 8 });

describe('a decoder of UTF-8', () => {
  it('reads a text whatever the pieces are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), cutsOf, (text, cuts) => {
        expect(decode(Buffer.from(text), cuts)).toBe(new TextDecoder().decode(Buffer.from(text)));
      }),
    );
  });

  it('finds the bytes that are not text whatever the pieces are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), cutsOf, (given, cuts) => {
        const bytes = Buffer.from(given);
        expect(decode(bytes, cuts, true)).toBe(new TextDecoder().decode(bytes));
        const strict = (): string => new TextDecoder('utf-8', { fatal: true }).decode(bytes);
        let text: string | undefined;
        try {
          text = strict();
        } catch {
          expect(() => decode(bytes, cuts)).toThrow(TypeError);
        }
        if (text !== undefined) expect(decode(bytes, cuts)).toBe(text);
      }),
    );
  });

  it.each(types)('drops a byte order mark only at the start, as %s', (type) => {
    const decoder = createBodyDecoder(type, false);
    const mark = Buffer.from('\uFEFFa');
    expect([mark, mark, mark].map((piece) => decoder.decode(piece))).toEqual(['a', '\uFEFFa', '\uFEFFa']);
  });
});
