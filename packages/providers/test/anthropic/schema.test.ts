import { fitRequest, providers } from '@sluice/providers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plan } from '../plan.ts';

const adapter = providers.anthropic.create({});

const format = (schema: object): object => ({
  messages: [{ role: 'user', content: 'hi' }],
  response_format: { type: 'json_schema', json_schema: { name: 'r', schema } },
});
const tool = (parameters: object | undefined, strict = true): object => ({
  messages: [{ role: 'user', content: 'hi' }],
  tools: [{ type: 'function', function: { name: 'f', strict, parameters } }],
});
const fit = (body: object) => fitRequest({ ...body }, adapter, { model: 'm', dropUnsupported: false });

function sent(body: object) {
  expect(fit(body)).toMatchObject({ kind: 'fits' });
  const json = JSON.parse(String(adapter.toUpstream({ ...body }, plan()).body)) as {
    output_config?: { format: { schema: object } };
    tools?: { input_schema: object }[];
  };
  return json.output_config?.format.schema ?? json.tools?.[0]?.input_schema;
}

const closed = { additionalProperties: false };
const limits = (description: string, text: object): object => ({
  description: `${description === '' ? '' : `${description}\n\n`}Limits: ${JSON.stringify(text)}`,
});

describe('a schema for structured outputs at Anthropic', () => {
  it.each<[string, object, object]>([
    [
      'has unsupported limits in its description',
      { type: 'object', properties: { score: { type: 'number', minimum: 0, maximum: 1, description: 'How sure.' } } },
      {
        type: 'object',
        properties: { score: { type: 'number', ...limits('How sure.', { minimum: 0, maximum: 1 }) } },
        ...closed,
      },
    ],
    [
      'is converted in all parts',
      {
        type: 'object',
        properties: {
          list: { type: 'array', maxItems: 3, minItems: 1, items: { type: 'string', minLength: 2 } },
          one: { anyOf: [{ type: 'integer', multipleOf: 5 }, { type: 'null' }] },
          other: { oneOf: [{ type: 'object', properties: {} }, { $ref: '#/$defs/place' }] },
        },
        $defs: { place: { type: ['object', 'null'], properties: { at: { type: 'string', format: 'iri' } } } },
      },
      {
        type: 'object',
        properties: {
          list: {
            type: 'array',
            minItems: 1,
            items: { type: 'string', ...limits('', { minLength: 2 }) },
            ...limits('', { maxItems: 3 }),
          },
          one: { anyOf: [{ type: 'integer', ...limits('', { multipleOf: 5 }) }, { type: 'null' }] },
          other: { anyOf: [{ type: 'object', properties: {}, ...closed }, { $ref: '#/$defs/place' }] },
        },
        $defs: {
          place: {
            type: ['object', 'null'],
            properties: { at: { type: 'string', ...limits('', { format: 'iri' }) } },
            ...closed,
          },
        },
        ...closed,
      },
    ],
    [
      'keeps supported keywords',
      {
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        type: 'object',
        properties: { kind: { enum: ['a', 1, null], default: 'a' }, at: { type: 'string', format: 'date' } },
        required: ['kind'],
        additionalProperties: true,
      },
      {
        type: 'object',
        properties: { kind: { enum: ['a', 1, null], default: 'a' }, at: { type: 'string', format: 'date' } },
        required: ['kind'],
        ...closed,
      },
    ],
    [
      'may have properties with the names of keywords',
      { type: 'object', properties: { minimum: { type: 'number' }, oneOf: { type: 'string' } } },
      { type: 'object', properties: { minimum: { type: 'number' }, oneOf: { type: 'string' } }, ...closed },
    ],
  ])('%s', (_what, schema, wanted) => {
    expect(sent(format(schema))).toEqual(wanted);
    expect(sent(tool(schema))).toEqual(wanted);
  });

  it('keeps the order of its members', () => {
    const schema = {
      additionalProperties: false,
      required: ['z'],
      properties: { z: { maximum: 1, type: 'number' }, b: { type: 'null' }, a: { type: 'null' } },
      description: 'Ordered.',
      type: 'object',
    };
    const text = JSON.stringify(sent(tool(schema)));
    expect([...text.matchAll(/"(required|properties|z|b|a|type|description)":/g)].map(([, name]) => name)).toEqual([
      'required',
      'properties',
      'z',
      'type',
      'description',
      'b',
      'type',
      'a',
      'type',
      'description',
      'type',
    ]);
  });

  it.each<[string, object]>([
    [
      'members of any name',
      { type: 'object', properties: { m: { type: 'object', additionalProperties: { type: 'number' } } } },
    ],
    ['objects without properties', { type: 'object', properties: { m: { type: 'object' } } }],
    ['patterns of names', { type: 'object', properties: {}, patternProperties: { '^a': { type: 'number' } } }],
    ['references to other documents', { type: 'object', properties: { m: { $ref: 'https://a.example/b.json' } } }],
    ['itself', { type: 'object', properties: { m: { $ref: '#' } } }],
    [
      'a recursive part',
      {
        type: 'object',
        properties: { m: { $ref: '#/$defs/node' } },
        $defs: {
          node: { type: 'object', properties: { next: { anyOf: [{ $ref: '#/$defs/node' }, { type: 'null' }] } } },
        },
      },
    ],
  ])('with %s is refused with the name of the field', (_what, schema) => {
    expect(fit(format(schema))).toMatchObject({ kind: 'unsupported', failure: { param: 'response_format' } });
    expect(fit(tool(schema))).toMatchObject({
      kind: 'unsupported',
      failure: { param: 'tools[0].function.strict' },
    });
    expect(fit(tool(schema, false))).toMatchObject({ kind: 'fits' });
  });

  it('may describe a function without arguments', () => {
    expect(sent(tool(undefined))).toEqual({ type: 'object', properties: {}, ...closed });
    expect(sent(tool({ type: 'object' }))).toEqual({ type: 'object', properties: {}, ...closed });
  });

  it('is unchanged if a tool is not strict', () => {
    const schema = { type: 'object', properties: { n: { type: 'integer', minimum: 0 } } };
    expect(sent(tool(schema, false))).toEqual(schema);
  });

  it('is checked and converted in time, whatever its references', () => {
    const chain = Object.fromEntries(
      Array.from({ length: 20_000 }, (_, at) => [`d${at}`, { $ref: `#/$defs/d${at + 1}` }]),
    );
    expect(fit(format({ type: 'object', properties: { a: { $ref: '#/$defs/d0' } }, $defs: chain }))).toMatchObject({
      kind: 'unsupported',
    });
  });

  it('follows all rules, whatever the schema', () => {
    const { schema } = fc.letrec<{ schema: object }>((tie) => ({
      schema: fc.oneof(
        { depthSize: 'small' },
        fc.record(
          { type: fc.constantFrom('number', 'integer'), minimum: fc.integer(), multipleOf: fc.integer() },
          { requiredKeys: ['type'] },
        ),
        fc.record(
          { type: fc.constant('string'), maxLength: fc.nat(), pattern: fc.constant('^a$') },
          { requiredKeys: ['type'] },
        ),
        fc.record(
          { type: fc.constant('array'), maxItems: fc.nat(), minItems: fc.nat(3), items: tie('schema') },
          { requiredKeys: ['type'] },
        ),
        fc.record(
          { anyOf: fc.array(tie('schema'), { minLength: 1, maxLength: 3 }), description: fc.string() },
          { requiredKeys: ['anyOf'] },
        ),
        fc.record({
          type: fc.constant('object'),
          properties: fc.dictionary(fc.string(), tie('schema'), { maxKeys: 3 }),
        }),
      ),
    }));
    fc.assert(
      fc.property(schema, (given) => {
        const root = { type: 'object', properties: { root: given } };
        expect(faults(sent(format(root)))).toEqual([]);
      }),
    );
  });
});

const refused = ['minimum', 'maximum', 'multipleOf', 'minLength', 'maxLength', 'maxItems'];

/** Returns the errors that Anthropic would report for a schema. */
function faults(schema: unknown): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const {
    type,
    properties = {},
    items,
    anyOf = [],
    additionalProperties,
    minItems,
  } = schema as Record<string, unknown>;
  return [
    ...refused.filter((name) => Object.hasOwn(schema, name)),
    ...(type === 'object' && additionalProperties !== false ? ['additionalProperties'] : []),
    ...(minItems === undefined || minItems === 0 || minItems === 1 ? [] : ['minItems']),
    ...[...Object.values(properties as object), items, ...(anyOf as unknown[])].flatMap(faults),
  ];
}
