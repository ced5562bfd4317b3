import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { compileGlob } from '../src/glob.ts';

const fits = (glob: string, name: string): boolean => compileGlob(glob)(name);

/** Reference matcher for globs of stars, question marks and letters, with backtracking. */
function fitsByTrying(glob: string, name: string): boolean {
  const [first] = glob;
  if (first === undefined) return name === '';
  const rest = glob.slice(1);
  if (first === '*') return fitsByTrying(rest, name) || (name !== '' && fitsByTrying(glob, name.slice(1)));
  return name !== '' && (first === '?' || first === name[0]) && fitsByTrying(rest, name.slice(1));
}

describe('a glob', () => {
  const letters = fc.constantFrom('a', 'b');
  const globs = fc.array(fc.oneof(letters, fc.constantFrom('*', '?')), { maxLength: 8 }).map((all) => all.join(''));
  const names = fc.array(letters, { maxLength: 10 }).map((all) => all.join(''));

  it('matches the same names as the reference matcher', () => {
    fc.assert(
      fc.property(globs, names, (glob, name) => {
        expect(fits(glob, name)).toBe(fitsByTrying(glob, name));
      }),
      { numRuns: 5000 },
    );
  });

  it('with choices matches a name if one of the expanded globs does', () => {
    fc.assert(
      fc.property(globs, globs, globs, globs, names, (start, one, other, end, name) => {
        const isOne = fits(`${start}${one}${end}`, name) || fits(`${start}${other}${end}`, name);
        expect(fits(`${start}{${one},${other}}${end}`, name)).toBe(isOne);
      }),
    );
  });

  it.each([
    ['a[bc]d', 'acd', true],
    ['a[bc]d', 'abcd', false],
    ['a[!bc]d', 'axd', true],
    ['a[^bc]d', 'abd', false],
    ['a[]]d', 'a]d', true],
    ['a[-x]d', 'a-d', true],
    ['v[0-9].[0-9]', 'v4.5', true],
    ['a[bc', 'a[bc', true],
    ['a]', 'a]', true],
    ['{a,b{c,d}}-x', 'bd-x', true],
    ['{a,b{c,d}}-x', 'b-x', false],
    ['{a,}-x', '-x', true],
    ['{a}', '{a}', true],
    ['{a,b', '{a,b', true],
    ['a\\*', 'a*', true],
    ['a\\*', 'ab', false],
    ['{a\\,b,c}*', 'a,bc', true],
    ['a?c', 'a/c', true],
    ['**', 'a/b', true],
    ['GPT-?', 'gPt-4', true],
    ['!(gpt)*', 'claude', false],
    ['*.*', 'ab', false],
    ['*.*', 'a.b', true],
    ['a.c*', 'abc', false],
  ])('%s and %s: %s', (glob, name, expected) => {
    expect(fits(glob, name)).toBe(expected);
  });

  it('costs at most the length of the glob times that of the name', () => {
    // A match calls `startsWith` once for each position at which it looks for the letter `a` or `b`.
    const looksFor = (name: string): number => {
      const startsWith = vi.spyOn(String.prototype, 'startsWith');
      expect(fits('*a*a*a*a*a*a*b', name)).toBe(false);
      const { length } = startsWith.mock.calls;
      startsWith.mockRestore();
      return length;
    };
    const short = looksFor('a'.repeat(128));
    expect(short).toBeLessThan(128 * 14);
    expect(looksFor('a'.repeat(256)) / short).toBeLessThan(2.1);
  });

  it.each([
    '{'.repeat(200),
    '{a,'.repeat(60),
    '['.repeat(200),
    `${'{*,'.repeat(50)}${'}'.repeat(50)}b`,
    '{,}'.repeat(66),
  ])('%s is parsed and matched without delay', (glob) => {
    expect(fits(glob, 'x'.repeat(256))).toBe(false);
  });
});
