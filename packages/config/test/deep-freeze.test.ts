import { describe, expect, it } from 'vitest';
import { deepFreeze } from '../src/deep-freeze.ts';

describe('deepFreeze', () => {
  it('freezes a tree in place, at every level', () => {
    const tree = { list: [{ value: 1 }], none: undefined, empty: null };
    expect(deepFreeze(tree)).toBe(tree);
    expect([tree, tree.list, tree.list[0]].every(Object.isFrozen)).toBe(true);
    expect(() => tree.list.push({ value: 2 })).toThrow(TypeError);
  });

  it('ends at a tree that contains itself', () => {
    const tree: { itself?: unknown } = {};
    tree.itself = tree;
    expect(Object.isFrozen(deepFreeze(tree))).toBe(true);
  });

  it.each([5, 'text', undefined, null, true])('returns %s, which cannot change', (value) => {
    expect(deepFreeze(value)).toBe(value);
  });
});
