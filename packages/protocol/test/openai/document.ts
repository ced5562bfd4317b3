import document from '../fixtures/openapi-chat-request.json' with { type: 'json' };

/** Subset of JSON Schema that OpenAI's document uses. */
export interface Schema {
  readonly type?: string;
  readonly nullable?: boolean;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly anyOf?: readonly Schema[];
}

/** OpenAI's description of each parameter. */
export const documented: Readonly<Record<string, Schema>> = document.properties;

/** Returns values that the document allows; together they cover every branch, enum value, bound and optional field. */
export function samplesOf(schema: Schema): unknown[] {
  const nulls = schema.nullable === true ? [null] : [];
  return [...nulls, ...(schema.anyOf?.flatMap(samplesOf) ?? ownSamplesOf(schema))];
}

function ownSamplesOf(schema: Schema): unknown[] {
  if (schema.enum !== undefined) return [...schema.enum];
  switch (schema.type) {
    case 'string':
      return ['', 'x'.repeat(schema.maxLength ?? 1)].filter((text) => text !== '' || schema.maxLength !== undefined);
    case 'integer':
    case 'number':
      return [schema.minimum ?? 1, schema.maximum ?? 100];
    case 'boolean':
      return [true, false];
    case 'array':
      return listsOf(schema);
    default:
      return objectsOf(schema);
  }
}

function listsOf({ items = {}, minItems = 0, maxItems = 4 }: Schema): unknown[] {
  const samples = samplesOf(items);
  const lists = samples.map((sample) => [sample]);
  return [...(minItems === 0 ? [[]] : []), ...lists, Array.from({ length: Math.min(maxItems, 4) }, () => samples[0])];
}

function objectsOf({ properties = {}, required = [], additionalProperties }: Schema): unknown[] {
  const samples = Object.entries(properties).map(([key, schema]) => [key, samplesOf(schema)] as const);
  const least = Object.fromEntries(
    samples.filter(([key]) => required.includes(key)).map(([key, [first]]) => [key, first]),
  );
  const varied = samples.flatMap(([key, values]) => values.map((value) => ({ ...least, [key]: value })));
  const open = typeof additionalProperties === 'object' ? samplesOf(additionalProperties) : [];
  return [least, ...varied, ...open.map((value) => ({ ...least, 1234: value }))];
}
