import { GatewayError, type JsonObject } from '@sluice/protocol';
import { marked, type Translation } from './parts.ts';
import { onlyAnthropic, wrongValue } from './refusals.ts';
import type { MessagesRequest, Tool } from './request-schema.ts';

type Tooling = Pick<MessagesRequest, 'tools' | 'tool_choice'>;

/** Maximum number of tools of a chat request. */
const mostTools = 128;
const nameOfFunction = /^[\w-]{1,64}$/;
const toolMembers: ReadonlySet<string> = new Set([
  'type',
  'name',
  'description',
  'input_schema',
  'strict',
  'cache_control',
]);

/**
 * Translates tools and the choice among them.
 * @throws GatewayError 400 for a tool that runs at Anthropic, or that other providers can't have
 */
export function toTooling({ tools, tool_choice: choice }: Tooling, translation: Translation): JsonObject {
  const { isNative } = translation;
  const given = tools ?? [];
  if (!isNative && given.length > mostTools) {
    throw new GatewayError('array_above_max_length', {
      param: 'tools',
      message: `Invalid 'tools': array too long. Expected an array with maximum length ${mostTools}, but got an array with length ${given.length} instead.`,
    });
  }
  const chosen = choice == null ? {} : toChoice(choice, given, translation);
  if (given.length === 0) return {};
  return { tools: given.map((tool, at) => toTool(tool, `tools[${at}]`, translation)), ...chosen };
}

function toTool(tool: Tool, path: string, { isNative, dropped }: Translation): JsonObject {
  const { type, name = '', description, input_schema: schema, strict } = tool;
  if (type != null && type !== 'custom') {
    if (isNative) return tool;
    throw onlyAnthropic(path, `the tool '${name === '' ? type : name}' of the type '${type}'`);
  }
  if (!isNative && schema === undefined) {
    throw new GatewayError('missing_required_parameter', {
      param: `${path}.input_schema`,
      message: `Missing required parameter: '${path}.input_schema'.`,
    });
  }
  if (!isNative && !nameOfFunction.test(name)) {
    throw wrongValue(`${path}.name`, 'a name has 1 to 64 letters, digits, underscores and dashes.');
  }
  dropped.rest(tool, toolMembers, 'tools.');
  return {
    type: 'function',
    function: {
      name,
      ...(description == null ? {} : { description }),
      parameters: schema ?? {},
      ...(strict == null ? {} : { strict }),
    },
    ...marked(tool),
  };
}

type Choice = NonNullable<MessagesRequest['tool_choice']>;

function toChoice(choice: Choice, tools: readonly Tool[], translation: Translation): JsonObject {
  const chosen = toChosen(choice, tools, translation);
  const isSerial = 'disable_parallel_tool_use' in choice && choice.disable_parallel_tool_use === true;
  return { ...chosen, ...(isSerial ? { parallel_tool_calls: false } : {}) };
}

function toChosen(choice: Choice, tools: readonly Tool[], { isNative, dropped }: Translation): JsonObject {
  switch (choice.type) {
    case 'auto':
      return {};
    case 'none':
      return { tool_choice: 'none' };
    case 'any':
      if (tools.length === 0 && !isNative) throw wrongValue('tool_choice', "it needs at least one of 'tools'.");
      return { tool_choice: 'required' };
    case 'tool':
      if (!isNative && !tools.some(({ name }) => name === choice.name)) {
        throw wrongValue('tool_choice.name', "no tool of this name is among 'tools'.");
      }
      return { tool_choice: { type: 'function', function: { name: choice.name } } };
    default:
      if (!isNative) throw wrongValue('tool_choice.type', "supported values are 'auto', 'any', 'tool' and 'none'.");
      dropped.add('tool_choice');
      return {};
  }
}
