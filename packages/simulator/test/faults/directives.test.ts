import { assert, constantFrom, integer, oneof, property, array, stringMatching } from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Directive,
  directiveNames,
  formatDirectives,
  parseDirectives,
  splitSuffix,
} from '../../src/faults/directives.ts';

const ranges: Readonly<Record<string, readonly [number, number]>> = {
  t: [0, 1_000_000],
  i: [0, 600_000],
  u: [0, 600_000_000],
  f: [0, 600_000],
  s: [0, 65_536],
  q: [0, 100_000],
  k: [0, 1_000_000],
  n: [0, 1_000_000],
  p: [0, 100],
  r: [0, 86_400],
  rms: [0, 86_400_000],
  cr: [0, 1_000_000],
  cw: [0, 1_000_000],
  e: [300, 599],
  busy: [0, 4],
  huge: [1, 256],
};
const words = directiveNames.filter((name) => !(name in ranges));
const numbered = oneof(
  ...Object.entries(ranges).map(([name, [min, max]]) =>
    integer({ min, max }).map((value) => ({ name, value }) as Directive),
  ),
);
const anyDirective = oneof(
  numbered,
  constantFrom(...words).map((name) => ({ name }) as Directive),
);

describe('parseDirectives', () => {
  it('parses the written form, with any separator', () => {
    assert(
      property(array(anyDirective), constantFrom('-', ',', ' ', ', '), (directives, joint) => {
        const text = formatDirectives(directives).replaceAll('-', joint);
        expect(parseDirectives(text)).toEqual({ directives });
      }),
    );
  });

  it('accepts each number of a range and none outside it', () => {
    for (const [name, [min, max]] of Object.entries(ranges)) {
      for (const value of [min, max]) {
        expect(parseDirectives(name + value)).toEqual({ directives: [{ name, value }] });
      }
      for (const value of [min - 1, max + 1]) {
        expect(parseDirectives(`${name}${value}`)).not.toHaveProperty('directives');
      }
    }
  });

  it('uses 16 MB for a huge event without a size', () => {
    expect(parseDirectives('huge')).toEqual({ directives: [{ name: 'huge', value: 16 }] });
  });

  it('reports the first word that is not a directive', () => {
    expect(parseDirectives('t4-nonsense-e600')).toEqual({ unknown: 'nonsense' });
    expect(parseDirectives('T4')).toEqual({ unknown: 'T4' });
    expect(parseDirectives('reset5')).toEqual({ unknown: 'reset5' });
  });

  it('finds none in an empty text', () => {
    expect(parseDirectives('')).toEqual({ directives: [] });
  });
});

describe('splitSuffix', () => {
  it('removes directives from any name whose last segment is not one', () => {
    const base = stringMatching(/^[a-z0-9.]{1,8}(-[a-z0-9.]{0,8}){0,3}$/).map((name) => `${name}-mini`);
    assert(
      property(base, array(anyDirective), (name, directives) => {
        expect(splitSuffix([name, ...directives.map((one) => formatDirectives([one]))].join('-'))).toEqual({
          base: name,
          directives,
        });
      }),
    );
  });

  it.each([
    ['demo-t64-i10-f50', 'demo', 't64-i10-f50'],
    ['gpt-4o-mini-e503-n1', 'gpt-4o-mini', 'e503-n1'],
    ['tok-a-e429', 'tok-a', 'e429'],
    ['gpt-4o', 'gpt-4o', ''],
    ['demo-t4-mini', 'demo-t4-mini', ''],
    ['e503', 'e503', ''],
    ['', '', ''],
  ])('reads %j as %j with %j', (name, base, directives) => {
    const split = splitSuffix(name);
    expect(split.base).toBe(base);
    expect(formatDirectives(split.directives)).toBe(directives);
  });
});
