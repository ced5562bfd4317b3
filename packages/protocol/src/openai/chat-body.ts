import type { Operation } from '../chat-job.ts';
import { parseWithSource } from '../json/source-text.ts';
import { isObject, type JsonObject } from '../json/values.ts';
import type { ChatRequest } from './chat-parameters.ts';

/**
 * The body of a request that the ingress has validated. It contains the fields of a chat request, or `input` and other
 * fields of an embeddings request, and the unknown fields unchanged. A number that a double can't hold is a marked
 * string: see `parseLossless`.
 */
export type ChatBody = Readonly<Partial<ChatRequest>> & JsonObject;

/**
 * Parses a body that the ingress has stored. Parts of it are written with `writeLossless`, or all of it with
 * `writeChanged`, so that digits and order of members reach the provider unchanged. Only a chat's roles and types are checked again, because code tells messages,
 * parts and tools apart by them; a second full validation would cost as much as the first one. The fields of a request
 * for embeddings are not checked.
 * @throws SyntaxError if the text is not JSON, or its roles and types are not valid
 */
export function readChatBody(text: string, operation: Operation = 'chat'): ChatBody {
  const body = parseWithSource(text);
  if (isObject(body) && (operation !== 'chat' || isChatBody(body))) return body;
  throw new SyntaxError('The stored text is not a request that the ingress has validated.');
}

/** Returns whether every message has a role, and every part, tool and call a type. Checks nothing else. */
export function isChatBody(value: unknown): value is ChatBody {
  if (!isObject(value)) return false;
  const { messages, tools } = value;
  return hasOnly(messages, isMessage) && hasOnly(tools, isTyped);
}

/** Returns whether the value is absent, or a list of such items. */
const hasOnly = (list: unknown, isItem: (item: unknown) => boolean): boolean =>
  list === undefined || (Array.isArray(list) && list.every(isItem));

const isMessage = (message: unknown): boolean =>
  isObject(message) &&
  typeof message['role'] === 'string' &&
  (typeof message['content'] === 'string' || isNullOr(message['content'])) &&
  // In other messages it is an unknown field.
  (message['role'] !== 'assistant' || isNullOr(message['tool_calls']));

/** Clients may send back an answer in which content or calls are null. */
const isNullOr = (list: unknown): boolean => list === null || hasOnly(list, isTyped);

const isTyped = (item: unknown): boolean => isObject(item) && typeof item['type'] === 'string';
