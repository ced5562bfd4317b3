import { GatewayError, isObject, itemsOf, type JsonObject, membersOf } from '@sluice/protocol';
import { camelMembers, type GeminiRequest } from './request-schema.ts';
import type { Translation } from './translation.ts';

/**
 * Converts function declarations and the choice among them.
 * @throws GatewayError 400 for tools that run at Google
 */
export function toTooling({ tools, toolConfig }: GeminiRequest, translation: Translation): JsonObject {
  const functions = itemsOf(tools).flatMap((tool, at) =>
    toFunctions(camelMembers(membersOf(tool)), `tools[${at}]`, translation),
  );
  const { mode, allowedFunctionNames } = callingOf(toolConfig, translation);
  if (functions.length === 0) return {};
  const names = new Set(itemsOf(allowedFunctionNames));
  const allowed =
    (mode === 'ANY' || mode === 'VALIDATED') && names.size > 0
      ? functions.filter((each) => names.has(membersOf(each['function'])['name']))
      : functions;
  return { tools: allowed, ...choiceOf(mode) };
}

const callingMembers: ReadonlySet<string> = new Set(['mode', 'allowedFunctionNames']);

/** Returns the choice among the functions. `VALIDATED` is `AUTO` here: no chat request asks for the check of its calls. */
function callingOf(toolConfig: unknown, { dropped }: Translation): JsonObject {
  const config = camelMembers(membersOf(toolConfig));
  dropped.rest(config, new Set(['functionCallingConfig']), 'toolConfig.');
  const calling = camelMembers(membersOf(config['functionCallingConfig']));
  dropped.rest(calling, callingMembers, 'toolConfig.functionCallingConfig.');
  if (calling['mode'] === 'VALIDATED') dropped.add('toolConfig.functionCallingConfig.mode');
  return calling;
}

const declarationMembers: ReadonlySet<string> = new Set(['name', 'description', 'parameters', 'parametersJsonSchema']);

function choiceOf(mode: unknown): JsonObject {
  if (mode === 'ANY') return { tool_choice: 'required' };
  return mode === 'NONE' ? { tool_choice: 'none' } : {};
}

function toFunctions(tool: JsonObject, path: string, { isNative, dropped }: Translation): readonly JsonObject[] {
  const { functionDeclarations: declared, ...others } = tool;
  const [hosted] = Object.keys(others);
  if (isNative) dropped.rest(others, new Set(), 'tools.');
  if (hosted !== undefined && !isNative) {
    throw new GatewayError('unsupported_tool', {
      param: `${path}.${hosted.slice(0, 64)}`,
      message: `The tool '${hosted.slice(0, 64)}' runs at Google, and no upstream of Google serves this model. Supported are 'functionDeclarations'.`,
    });
  }
  return itemsOf(declared).map((each) => {
    const declaration = camelMembers(membersOf(each));
    dropped.rest(declaration, declarationMembers, 'tools.functionDeclarations.');
    const { name, description, parameters, parametersJsonSchema: schema } = declaration;
    const given = schema ?? (isObject(parameters) ? toJsonSchema(parameters) : undefined);
    return {
      type: 'function',
      function: {
        name,
        ...(typeof description === 'string' ? { description } : {}),
        ...(isObject(given) ? { parameters: given } : {}),
      },
    };
  });
}

/** Members of a schema that hold schemas by names. */
const maps: ReadonlySet<string> = new Set(['properties', '$defs', 'defs']);

/** Converts a schema of Google: types in capitals, `nullable`, numbers as texts. */
export function toJsonSchema(schema: JsonObject): JsonObject {
  const { nullable, type, ...rest } = camelMembers(schema);
  const kind = typeof type === 'string' ? type.toLowerCase() : type;
  const converted = Object.entries(rest).map(([name, value]) => [name, convert(name, value)] as const);
  return {
    ...(kind === undefined ? {} : { type: nullable === true && typeof kind === 'string' ? [kind, 'null'] : kind }),
    ...Object.fromEntries(converted),
  };
}

/** Bounds that Google's JSON writes as texts, because they are 64-bit numbers. */
const counts: ReadonlySet<string> = new Set([
  'minItems',
  'maxItems',
  'minLength',
  'maxLength',
  'minProperties',
  'maxProperties',
]);

function convert(name: string, value: unknown): unknown {
  if (counts.has(name) && typeof value === 'string') return Number(value);
  if (maps.has(name) && isObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, isObject(inner) ? toJsonSchema(inner) : inner]),
    );
  }
  if (name === 'items' && isObject(value)) return toJsonSchema(value);
  if (name === 'anyOf') return itemsOf(value).map((each) => (isObject(each) ? toJsonSchema(each) : each));
  return value;
}
