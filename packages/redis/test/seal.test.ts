import { describe, expect, it } from 'vitest';
import { createSeal } from '../src/index.ts';

const secret = 'a-secret-of-the-operator';
const seal = createSeal(secret, 'tests');
const content = Buffer.from('content');

describe('a seal', () => {
  it('opens its own values, in another process too', () => {
    expect(createSeal(secret, 'tests').open(seal.close(content, 'p'), 'p')).toEqual(content);
  });

  it.each<[string, (sealed: Buffer) => Buffer | undefined]>([
    ['another secret', (sealed) => createSeal('another', 'tests').open(sealed, 'p')],
    ['another purpose', (sealed) => createSeal(secret, 'others').open(sealed, 'p')],
    ['another place', (sealed) => seal.open(sealed, 'q')],
    ['truncated content', (sealed) => seal.open(sealed.subarray(0, 20), 'p')],
    ['less than a header', (sealed) => seal.open(sealed.subarray(0, 5), 'p')],
  ])('does not open for %s', (_what, open) => {
    expect(open(seal.close(content, 'p'))).toBe(undefined);
  });

  it('does not open after a change of any bit', () => {
    const sealed = seal.close(content, 'p');
    for (let at = 0; at < sealed.length * 8; at++) {
      const changed = Buffer.from(sealed);
      changed[at >> 3] = (changed[at >> 3] ?? 0) ^ (1 << (at & 7));
      expect(seal.open(changed, 'p')).toBe(undefined);
    }
  });
});
