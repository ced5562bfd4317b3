import { describe, expect, it } from 'vitest';
import { createSeal } from '../src/seal.ts';

const secret = 'a-secret-of-the-operator';
const seal = createSeal(secret);

const changeAt = (text: string, at: number): string =>
  text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);

describe('a seal', () => {
  it('opens its own texts, in another process with the same secret too', () => {
    const sealed = seal.close('tök-1', 'token/u/a');
    expect(createSeal(secret).open(sealed, 'token/u/a')).toBe('tök-1');
    expect(sealed).not.toContain('tök');
  });

  it('encrypts the same text differently each time', () => {
    expect(seal.close('t', 'p')).not.toBe(seal.close('t', 'p'));
  });

  it.each<[string, (sealed: string) => string | undefined]>([
    ['another secret', (sealed) => createSeal('another').open(sealed, 'p')],
    ['another place', (sealed) => seal.open(sealed, 'q')],
    ['a changed bit', (sealed) => seal.open(changeAt(sealed, 30), 'p')],
    ['a truncated text', (sealed) => seal.open(sealed.slice(0, 20), 'p')],
    ['another layout', (sealed) => seal.open(sealed.replace('v1.', 'v2.'), 'p')],
  ])('does not open for %s', (_what, open) => {
    expect(open(seal.close('a text', 'p'))).toBeUndefined();
  });
});
