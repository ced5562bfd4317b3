import { isObject, type JsonObject } from '@sluice/protocol';
import { amend, amendEach } from '../json-object.ts';

/** Servers that refuse members of messages which their documents lack, beside OpenAI's own and Mistral. */
const strictPlaces = /^https?:\/\/(?:[\w-]+\.)*(?:groq\.com|cerebras\.ai)(?:[:/]|$)/i;

export const refusesMarks = (baseUrl: string): boolean => strictPlaces.test(baseUrl);

/**
 * Removes Anthropic's `cache_control` from messages, their parts and calls, and tools. Clients of Anthropic's API send it
 * with every request; OpenAI and some others refuse it, and cache by themselves. Servers that pass it on, such as
 * OpenRouter, keep it.
 *
 * @returns the same object if it has no marks
 */
export function withoutCacheMarks(body: JsonObject): JsonObject {
  const { messages, tools } = body;
  const unmarked = {
    ...(Array.isArray(messages) ? { messages: amendEach(messages, unmarkMessage) } : {}),
    ...(Array.isArray(tools) ? { tools: amendEach(tools, unmark) } : {}),
  };
  return Object.keys(unmarked).length === 0 ? body : amend(body, unmarked);
}

function unmarkMessage(message: JsonObject): JsonObject {
  const { content, tool_calls: calls } = message;
  return amend(unmark(message), {
    ...(Array.isArray(content) ? { content: amendEach(content, unmark) } : {}),
    ...(Array.isArray(calls) ? { tool_calls: amendEach(calls, unmark) } : {}),
  });
}

function unmark(item: JsonObject): JsonObject {
  const { function: called } = item;
  const own = 'cache_control' in item ? amend(item, { cache_control: undefined }) : item;
  return isObject(called) && 'cache_control' in called
    ? amend(own, { function: amend(called, { cache_control: undefined }) })
    : own;
}
