import type { ChatMessage, ChatRequest } from '@sluice/protocol';
import type { ChatBody, FieldPath } from '../adapter.ts';
import { toBlock } from './content.ts';
import { isKnownEffort } from './thinking.ts';
import { isForced } from './tools.ts';

/** What of a request Anthropic can't do, beyond the names of parameters that it does not have. */
export function findUnsupported(body: ChatBody): readonly FieldPath[] {
  const request = body as ChatRequest;
  return [
    ...badSampling(request),
    ...badTools(request),
    ...badParameters(request),
    ...request.messages.flatMap((message, at) =>
      badFields(message).map((path): FieldPath => ['messages', at, ...path]),
    ),
  ];
}

const thinks = ({ reasoning_effort: effort }: ChatRequest): boolean => effort != null && effort !== 'none';

/** OpenAI's temperatures go up to 2, Anthropic's to 1, and a model that thinks has only the usual ones. */
function badSampling(request: ChatRequest): FieldPath[] {
  const { temperature, top_p: topP } = request;
  const isHot = temperature != null && (temperature > 1 || (thinks(request) && temperature !== 1));
  const isNarrow = topP != null && thinks(request) && topP < 0.95;
  const topK: unknown = Reflect.get(request, 'top_k');
  return [
    ...(isHot ? [['temperature']] : []),
    ...(isNarrow ? [['top_p']] : []),
    ...(topK != null && thinks(request) ? [['top_k']] : []),
  ];
}

function badTools(request: ChatRequest): FieldPath[] {
  const { tools = [], tool_choice: choice } = request;
  const isUnknownChoice = typeof choice === 'object' && choice.type !== 'function' && choice.type !== 'allowed_tools';
  return [
    ...tools.flatMap(({ type }, at) => (type === 'function' ? [] : [['tools', at]])),
    ...(isUnknownChoice ? [['tool_choice']] : []),
    // A model that must call a tool can't think before.
    ...(isForced(request) && thinks(request) ? [['reasoning_effort']] : []),
  ];
}

function badParameters(request: ChatRequest): FieldPath[] {
  const { response_format: format, service_tier: tier, reasoning_effort: effort } = request;
  const hasFormat =
    format === undefined ||
    format.type === 'text' ||
    (format.type === 'json_schema' && format.json_schema.schema !== undefined);
  return [
    ...blankStops(request),
    ...(hasFormat ? [] : [['response_format']]),
    ...(tier == null || tier === 'auto' || tier === 'default' ? [] : [['service_tier']]),
    ...(effort == null || isKnownEffort(effort) ? [] : [['reasoning_effort']]),
  ];
}

/** Anthropic stops at no white space, such as the end of a line. */
function blankStops({ stop }: ChatRequest): FieldPath[] {
  if (typeof stop === 'string') return stop.trim() === '' ? [['stop']] : [];
  return (stop ?? []).flatMap((text, at) => (text.trim() === '' ? [['stop', at]] : []));
}

/** Where the faults of a message are inside it; the empty path for the whole of it. */
function badFields(message: ChatMessage): FieldPath[] {
  // The deprecated pair of function and result has no id to tell which belongs to which.
  if (message.role === 'function') return [[]];
  const parts = Array.isArray(message.content) ? message.content : [];
  const texts = message.role === 'system' || message.role === 'developer' || message.role === 'assistant';
  const bad = parts.flatMap((part, at): FieldPath[] => {
    const isText = part.type === 'text' || part.type === 'refusal';
    return isText || (!texts && toBlock(part) !== undefined) ? [] : [['content', at]];
  });
  return message.role === 'assistant' ? [...bad, ...badAssistantFields(message)] : bad;
}

function badAssistantFields(message: Extract<ChatMessage, { role: 'assistant' }>): FieldPath[] {
  const { audio, function_call: call, name, tool_calls: calls = [] } = message;
  return [
    ...(audio == null ? [] : [['audio']]),
    ...(call == null ? [] : [['function_call']]),
    ...(name === undefined ? [] : [['name']]),
    ...calls.flatMap(({ type }, at) => (type === 'function' ? [] : [['tool_calls', at]])),
  ];
}
