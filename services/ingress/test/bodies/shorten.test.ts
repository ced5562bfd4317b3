import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shorten } from '../../src/bodies/shorten.ts';

const roomy = { copied: 10_000, read: 100_000 };
const short = (text: string, limits = roomy) => {
  const { bytes, isCut } = shorten(Buffer.from(text), limits);
  return { text: bytes.toString(), isCut };
};

describe('the copy of a body', () => {
  it('has all of a short one', () => {
    const text = '{"model":"m","messages":[{"role":"user","content":"Grüße, 世界"}]}';
    expect(short(text)).toEqual({ text, isCut: false });
    expect(short('')).toEqual({ text: '', isCut: false });
  });

  it('leaves out images, and keeps what surrounds them', () => {
    const image = `data:image/png;base64,iVBORw0KGgoAAAAN${'A/+z'.repeat(200)}==`;
    const { text, isCut } = short(`{"a":"${image}","b":"${image}","c":1}`);
    const shown = 'data:image/png;base64,iVBORw0KGgoAAAAN[802 characters left out]';
    expect(text).toBe(`{"a":"${shown}","b":"${shown}","c":1}`);
    expect(isCut).toBe(false);
  });

  it('keeps base64 that is short enough to be read', () => {
    const text = `{"digest":"${'a1'.repeat(255)}"}`;
    expect(short(text)).toEqual({ text, isCut: false });
  });

  it('has the text behind an image that is larger than the copy may be', () => {
    const { text, isCut } = short(`${'A'.repeat(50_000)} the question`, { copied: 100, read: 60_000 });
    expect(text).toBe('AAAAAAAAAAAAAAAA[49984 characters left out] the question');
    expect(isCut).toBe(false);
  });

  it('ends with a whole character within its bounds', () => {
    const text = 'äöü 世界 👋 '.repeat(20);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 300 }), (copied, read) => {
        const copy = shorten(Buffer.from(text), { copied, read });
        expect(copy.bytes.length).toBeLessThanOrEqual(Math.min(copied, read));
        expect(text.startsWith(copy.bytes.toString())).toBe(true);
        expect(copy.isCut).toBe(copy.bytes.length < Buffer.byteLength(text));
      }),
    );
  });
});
