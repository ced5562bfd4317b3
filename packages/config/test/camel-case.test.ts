import { describe, expect, expectTypeOf, it } from 'vitest';
import { type CamelCased, camelCase, camelCased } from '../src/camel-case.ts';

describe('camelCase', () => {
  it.each([
    ['port', 'port'],
    ['max_body_bytes', 'maxBodyBytes'],
    ['timeouts.stream_total_ms', 'timeouts.streamTotalMs'],
    ['keys[0].limits.rpm_burst', 'keys[0].limits.rpmBurst'],
  ])('turns %s into %s', (name, expected) => {
    expect(camelCase(name)).toBe(expected);
  });
});

describe('camelCased', () => {
  it('renames the settings at every level, within lists too', () => {
    const tree = { on_off: true, in_list: [{ of_one: 1 }, { of_one: 2 }], a_part: { of_it: ['a_text', null] } };
    expect(camelCased(tree)).toEqual({
      onOff: true,
      inList: [{ ofOne: 1 }, { ofOne: 2 }],
      aPart: { ofIt: ['a_text', null] },
    });
  });

  it('leaves the tree as it is', () => {
    const tree = { a_part: { of_it: 1 } };
    camelCased(tree);
    expect(tree).toEqual({ a_part: { of_it: 1 } });
  });

  it('leaves undefined settings out, so that they replace no default', () => {
    const tree: { base_delay_ms?: number | undefined; mode: string } = { base_delay_ms: undefined, mode: 'fast' };
    expect({ baseDelayMs: 100, ...camelCased(tree) }).toStrictEqual({ baseDelayMs: 100, mode: 'fast' });
  });

  it('has the type that it returns', () => {
    interface Tree {
      a_number: number;
      may_be_absent?: string | undefined;
      in_list: { of_one: 'a_word' | 'b' }[];
      a_part: { of_it: boolean | { deep_down: null } };
    }
    expectTypeOf<CamelCased<Tree>>().toEqualTypeOf<{
      readonly aNumber: number;
      readonly mayBeAbsent?: string;
      readonly inList: readonly { readonly ofOne: 'a_word' | 'b' }[];
      readonly aPart: { readonly ofIt: boolean | { readonly deepDown: null } };
    }>();
  });
});
