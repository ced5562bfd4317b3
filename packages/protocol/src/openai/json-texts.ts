import { GatewayError } from '../errors/gateway-error.ts';
import { type JsonLimits, measureJsonText } from '../json-depth.ts';
import type { ChatMessage } from './chat-message.ts';
import type { ChatRequest } from './chat-parameters.ts';
import { fieldOf, paramOf, textTooLong } from './field-errors.ts';

/** Maximum nesting, as for a body. */
const maxDepth = 64;
/** Maximum elements in the arguments of one tool call. Models write a few thousand at most. */
const maxArguments = 10_000;
/** Maximum elements in all such texts of a request together, results of tools included; equals the limit of a body. */
const maxTogether = 100_000;
/** Maximum characters of the arguments of one tool call; models write less than half of it in one answer. */
const maxArgumentsLength = 1024 * 1024;

/**
 * Checks JSON inside strings: adapters of some providers parse it, and deep nesting or millions of elements would block
 * a worker and all its requests for seconds. The check of the body counts such a string as one value.
 * @throws GatewayError `json_too_deep` or `string_above_max_length` that names the field
 */
export function checkJsonTexts({ messages }: Pick<ChatRequest, 'messages'>): void {
  let left = maxTogether;
  const count = (path: readonly PropertyKey[], text: string, most: number): void => {
    left -= measure(path, text, { maxDepth, maxElements: Math.min(most, left) });
  };
  messages.forEach((message, at) => {
    for (const [path, text] of argumentsOf(message)) {
      const param = paramOf(['messages', at, ...path]);
      if (text.length > maxArgumentsLength) throw textTooLong({ param, value: text }, maxArgumentsLength);
      count(['messages', at, ...path], text, maxArguments);
    }
    if (message.role === 'tool' || message.role === 'function') {
      count(['messages', at, 'content'], resultOf(message.content), maxTogether);
    }
  });
}

function measure(path: readonly PropertyKey[], text: string, limits: JsonLimits): number {
  const measured = measureJsonText(text, limits);
  if (typeof measured === 'number') return measured;
  const param = paramOf(path);
  throw new GatewayError('json_too_deep', {
    param,
    message:
      measured === 'too_deep'
        ? `Invalid '${param}': the JSON in this text is nested more than ${limits.maxDepth} levels deep.`
        : `Invalid '${param}': the JSON in this text has too many elements. Expected at most ${maxArguments} in the arguments of a call and ${maxTogether} in all arguments and results of tools together.`,
  });
}

type Found = readonly [path: readonly PropertyKey[], text: string];

/**
 * Returns the arguments of all tool calls in a message, whatever its role and the kind of call: adapters read only the
 * field.
 */
function argumentsOf(message: ChatMessage): readonly Found[] {
  const found: Found[] = [];
  const add = (path: readonly PropertyKey[], call: unknown): void => {
    const text = fieldOf(call, 'arguments');
    if (typeof text === 'string') found.push([[...path, 'arguments'], text]);
  };
  add(['function_call'], fieldOf(message, 'function_call'));
  const calls = fieldOf(message, 'tool_calls');
  if (Array.isArray(calls)) {
    calls.forEach((call: unknown, at) => add(['tool_calls', at, 'function'], fieldOf(call, 'function')));
  }
  return found;
}

/** Returns the text that an adapter would parse: the texts of all parts. */
function resultOf(content: ChatMessage['content']): string {
  if (typeof content === 'string') return content;
  return (content ?? []).map((part) => (part.type === 'text' ? part.text : '')).join('');
}
