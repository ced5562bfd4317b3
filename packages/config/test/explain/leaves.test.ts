import { describe, expect, it } from 'vitest';
import { kindOf, leavesOf, nameOf } from '../../src/explain/leaves.ts';

describe('leavesOf', () => {
  const names = (tree: unknown): string[] => [...leavesOf(tree).keys()];

  it('finds every value under its path, in the order of the tree', () => {
    const tree = {
      server: { port: 1, cors: { origins: ['*'] } },
      keys: [{ name: 'a', limits: { rpm: 2 } }, { name: 'b' }],
    };
    expect(names(tree)).toEqual([
      'server.port',
      'server.cors.origins',
      'keys[0].name',
      'keys[0].limits.rpm',
      'keys[1].name',
    ]);
    expect(leavesOf(tree).get('keys[0].limits.rpm')).toEqual({ path: ['keys', 0, 'limits', 'rpm'], value: 2 });
  });

  it('treats a list without mappings as a value, an empty one too', () => {
    expect(leavesOf({ a: ['x', 'y'], b: [] }).get('a')?.value).toEqual(['x', 'y']);
    expect(names({ a: ['x', 'y'], b: [] })).toEqual(['a', 'b']);
  });

  it('passes over what is undefined and mappings without values, but not over false, 0 and empty texts', () => {
    expect(names({ a: undefined, b: {}, c: false, d: 0, e: '' })).toEqual(['c', 'd', 'e']);
  });
});

it('names a path as messages do, and its kind as the documentation does', () => {
  expect(nameOf(['keys', 12, 'limits', 'rpm'])).toBe('keys[12].limits.rpm');
  expect(kindOf(['keys', 12, 'limits', 'rpm'])).toBe('keys[].limits.rpm');
  expect(kindOf(['server', 'port'])).toBe('server.port');
});
