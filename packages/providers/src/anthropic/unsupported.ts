import type { ChatBody, ChatMessage } from '@sluice/protocol';
import type { FieldPath } from '../adapter.ts';
import { toBlock } from './content.ts';
import { badSampling, thinks } from './sampling.ts';
import { isStrictable } from './schema.ts';
import { isKnownEffort } from './thinking.ts';
import { isForced, toTooling } from './tools.ts';

/** Returns the fields that Anthropic can't serve, beyond unsupported parameters. */
export function findUnsupported(body: ChatBody, takesSampling: boolean): readonly FieldPath[] {
  const { messages = [] } = body;
  return [
    ...badSampling(body, takesSampling),
    ...badTools(body),
    ...badParameters(body),
    ...messages.flatMap((message, at) => badFields(message).map((path): FieldPath => ['messages', at, ...path])),
  ];
}

function badTools(body: ChatBody): FieldPath[] {
  const { tools = [], tool_choice: choice } = body;
  const isUnknownChoice = typeof choice === 'object' && choice.type !== 'function' && choice.type !== 'allowed_tools';
  return [
    ...tools.flatMap((tool, at) => badTool(tool).map((path): FieldPath => ['tools', at, ...path])),
    ...(isUnknownChoice || (isForced(body) && toTooling(body).tools === undefined) ? [['tool_choice']] : []),
    // A required tool call excludes reasoning before it.
    ...(isForced(body) && thinks(body) ? [['reasoning_effort']] : []),
  ];
}

function badTool(tool: NonNullable<ChatBody['tools']>[number]): FieldPath[] {
  if (tool.type !== 'function') return [[]];
  const { strict, parameters = {} } = tool.function;
  return strict === true && !isStrictable(parameters, true) ? [['function', 'strict']] : [];
}

function badParameters(body: ChatBody): FieldPath[] {
  const { response_format: format, service_tier: tier, reasoning_effort: effort } = body;
  const hasFormat =
    format === undefined ||
    format.type === 'text' ||
    (format.type === 'json_schema' &&
      format.json_schema.schema !== undefined &&
      isStrictable(format.json_schema.schema, false));
  return [
    ...blankStops(body),
    ...(hasFormat ? [] : [['response_format']]),
    ...(tier == null || tier === 'auto' || tier === 'default' ? [] : [['service_tier']]),
    ...(effort == null || isKnownEffort(effort) ? [] : [['reasoning_effort']]),
  ];
}

/** Returns blank stop sequences: Anthropic does not stop at white space, such as the end of a line. */
function blankStops({ stop }: ChatBody): FieldPath[] {
  if (typeof stop === 'string') return stop.trim() === '' ? [['stop']] : [];
  return (stop ?? []).flatMap((text, at) => (text.trim() === '' ? [['stop', at]] : []));
}

/** Returns the paths of unsupported parts inside a message; the empty path for the whole message. */
function badFields(message: ChatMessage): FieldPath[] {
  // The deprecated function call and its result have no id that links them.
  if (message.role === 'function') return [[]];
  const parts = Array.isArray(message.content) ? message.content : [];
  const isTextAlone = message.role === 'system' || message.role === 'developer' || message.role === 'assistant';
  const bad = parts.flatMap((part, at): FieldPath[] => {
    // Audio is reported for all providers in the same place.
    const isFine = part.type === 'text' || part.type === 'refusal' || part.type === 'input_audio';
    return isFine || (!isTextAlone && toBlock(part) !== undefined) ? [] : [['content', at]];
  });
  return message.role === 'assistant' ? [...bad, ...badAssistantFields(message)] : bad;
}

function badAssistantFields(message: Extract<ChatMessage, { role: 'assistant' }>): FieldPath[] {
  const { audio, function_call: call, name, tool_calls: calls } = message;
  return [
    ...(audio == null ? [] : [['audio']]),
    ...(call == null ? [] : [['function_call']]),
    ...(name === undefined ? [] : [['name']]),
    ...(calls ?? []).flatMap(({ type }, at) => (type === 'function' ? [] : [['tool_calls', at]])),
  ];
}
