import { isObject } from '../json/values.ts';
import { fieldOf, listTooLong, tooManyEntries, tooManyProperties } from './field-errors.ts';

/** Maximum sizes of lists and objects in a request. */
export const chatLimits = {
  // OpenAI's chatLimits.
  tools: 128,
  functions: 128,
  stop: 4,
  metadata: 16,
  // Our limits: larger than real conversations need, and small enough to check in 1 ms.
  messages: 2000,
  contentParts: 4096,
  toolCalls: 4096,
  logitBias: 4096,
  allowedTools: 128,
  modalities: 16,
} as const;

/**
 * Checks the sizes of lists before anything is validated: a schema that walks 200,000 bad messages takes half a second
 * and builds an issue for each. Does not check types; a value that is not a list is not counted.
 * @throws GatewayError `array_above_max_length` or `object_above_max_properties`.
 */
export function checkChatLimits(body: object): void {
  limitList(body, ['messages'], chatLimits.messages);
  limitList(body, ['tools'], chatLimits.tools);
  limitList(body, ['functions'], chatLimits.functions);
  limitList(body, ['stop'], chatLimits.stop);
  limitList(body, ['modalities'], chatLimits.modalities);
  limitList(body, ['prediction', 'content'], chatLimits.contentParts);
  limitList(body, ['tool_choice', 'allowed_tools', 'tools'], chatLimits.allowedTools);
  limitObject(body, 'metadata', chatLimits.metadata);
  limitObject(body, 'logit_bias', chatLimits.logitBias);
  limitMessages(fieldOf(body, 'messages'));
}

function limitList(body: object, path: readonly string[], max: number): void {
  const value = path.reduce<unknown>(fieldOf, body);
  if (Array.isArray(value) && value.length > max) throw listTooLong(path.join('.'), { length: value.length, max });
}

function limitObject(body: object, param: string, max: number): void {
  const value = fieldOf(body, param);
  if (!isObject(value)) return;
  const count = Object.keys(value).length;
  if (count > max) throw tooManyProperties(param, { count, max });
}

function limitMessages(messages: unknown): void {
  if (!Array.isArray(messages)) return;
  let contentParts = 0;
  let toolCalls = 0;
  for (const message of messages) {
    contentParts += lengthOf(fieldOf(message, 'content'));
    toolCalls += lengthOf(fieldOf(message, 'tool_calls'));
  }
  if (contentParts > chatLimits.contentParts) {
    throw tooManyEntries('messages', { what: 'content parts', count: contentParts, max: chatLimits.contentParts });
  }
  if (toolCalls > chatLimits.toolCalls) {
    throw tooManyEntries('messages', { what: 'tool calls', count: toolCalls, max: chatLimits.toolCalls });
  }
}

function lengthOf(value: unknown): number {
  return Array.isArray(value) ? value.length : 0;
}
