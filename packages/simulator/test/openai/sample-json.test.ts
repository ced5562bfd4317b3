import { assert, integer, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sampleJson } from '../../src/openai/sample-json.ts';

const person = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    age: { type: 'integer', minimum: 18 },
    tags: { type: 'array', items: { type: 'string' }, minItems: 2 },
    nickname: { type: 'string' },
  },
  required: ['name', 'age', 'tags'],
};

describe('sampleJson', () => {
  it('fills required properties only', () => {
    expect(sampleJson(person, 'lorem')).toEqual({ name: 'lorem', age: 18, tags: ['lorem', 'lorem'] });
  });

  it.each<[Record<string, unknown>, unknown]>([
    [{ const: 5 }, 5],
    [{ enum: ['b', 'a'] }, 'b'],
    [{ type: ['null', 'boolean'] }, true],
    [{ type: 'null' }, null],
    [{ properties: {} }, {}],
    [{ items: { type: 'null' } }, [null]],
    [{}, 'lorem'],
    [{ type: 'string', minLength: 12 }, 'loremloremlo'],
    [{ type: 'string', maxLength: 2 }, 'lo'],
    [{ type: 'string', format: 'date' }, '2026-01-02'],
    [{ type: 'array', maxItems: 0 }, []],
    [{ type: 'array', prefixItems: [{ type: 'integer' }, { type: 'string' }] }, [1, 'lorem']],
    [{ type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 }, 0.5],
    [{ type: 'integer', maximum: -3 }, -3],
    [{ type: 'integer', minimum: 10, multipleOf: 4 }, 12],
    [{ anyOf: [{ type: 'integer' }, { type: 'string' }] }, 1],
    [{ oneOf: [{ const: 'x' }] }, 'x'],
    [{ $ref: '#/$defs/a~1b', $defs: { 'a/b': { const: 7 } } }, 7],
    [
      {
        allOf: [
          { type: 'object', properties: { a: { const: 1 } }, required: ['a'] },
          { properties: { b: { const: 2 } }, required: ['b'] },
        ],
      },
      { a: 1, b: 2 },
    ],
  ])('matches %j with %j', (schema, value) => {
    expect(sampleJson(schema, 'lorem')).toEqual(value);
  });

  it('ends recursive lists with null', () => {
    const node = {
      type: 'object',
      properties: { next: { anyOf: [{ $ref: '#' }, { type: 'null' }] } },
      required: ['next'],
    };
    expect(JSON.stringify(sampleJson(node, 'lorem'))).toMatch(/^(\{"next":){1,6}null\}+$/);
  });

  it('terminates for a schema without an end', () => {
    const endless = { type: 'object', properties: { self: { $ref: '#' } }, required: ['self'] };
    expect(JSON.stringify(sampleJson(endless, 'lorem')).length).toBeLessThan(100);
    expect(sampleJson({ $ref: '#' }, 'lorem')).toBe('lorem');
  });

  it('stays inside any range of whole numbers', () => {
    assert(
      property(integer(), integer({ min: 0, max: 1000 }), (minimum, span) => {
        const value = sampleJson({ type: 'integer', minimum, maximum: minimum + span }, 'lorem');
        expect(value).toSatisfy(Number.isInteger);
        expect(value).toBeGreaterThanOrEqual(minimum);
        expect(value).toBeLessThanOrEqual(minimum + span);
      }),
    );
  });
});
