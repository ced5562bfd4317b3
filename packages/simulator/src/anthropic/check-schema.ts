import { type Fields, isObject } from './check-request.ts';

/** Limits that structured outputs and strict tools do not support. */
const refused = [
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'maxItems',
] as const;

/** Finds a part of a request's schemas that Anthropic refuses; returns undefined if there is none. */
export function faultOfSchemas({ output_config: output, tools }: Fields): string | undefined {
  const format = isObject(output) && isObject(output.format) ? output.format.schema : undefined;
  const strict = (Array.isArray(tools) ? tools : []).map((tool: unknown) =>
    isObject(tool) && tool.strict === true ? tool.input_schema : undefined,
  );
  return (
    faultOf(format, 'output_config.format.schema') ??
    strict.map((schema, at) => faultOf(schema, `tools.${at}.custom.input_schema`)).find(Boolean)
  );
}

function faultOf(schema: unknown, place: string): string | undefined {
  if (!isObject(schema)) return undefined;
  const { type, additionalProperties, properties, $defs: definitions, items, anyOf } = schema;
  const limits = refused.filter((name) => name in schema);
  if (limits.length > 0)
    return `${place}: For '${String(type)}' type, properties ${limits.join(', ')} are not supported`;
  if (type === 'object' && additionalProperties !== false) {
    return `${place}: For 'object' type, 'additionalProperties' must be explicitly set to false`;
  }
  const below: readonly unknown[] = [
    ...Object.values(isObject(properties) ? properties : {}),
    ...Object.values(isObject(definitions) ? definitions : {}),
    ...(Array.isArray(anyOf) ? (anyOf as readonly unknown[]) : []),
    items,
  ];
  return below.map((each) => faultOf(each, place)).find(Boolean);
}
