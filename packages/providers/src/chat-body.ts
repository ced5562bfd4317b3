import { parseLossless } from '@sluice/protocol';
import type { ChatBody } from './adapter.ts';
import { isObject } from './json-object.ts';

/**
 * Reads the body of a request that the ingress has validated. Adapters write what they take of it with `writeLossless`,
 * so that its digits and its order of members reach the provider.
 * @throws SyntaxError for what is no JSON object
 */
export function readChatBody(text: string): ChatBody {
  const body = parseLossless(text);
  if (!isObject(body)) throw new SyntaxError('The stored request is no JSON object.');
  return body;
}
