import { parseLossless } from '@sluice/protocol';
import { isObject } from './json-object.ts';

/** The client's request as JSON, validated by the ingress; unknown fields are unchanged. */
export type ChatBody = Readonly<Record<string, unknown>>;

/**
 * Parses the body of a request that the ingress has validated. Adapters write parts of it with `writeLossless`, so that
 * digits and order of members reach the provider unchanged.
 * @throws SyntaxError if the text is not a JSON object
 */
export function readChatBody(text: string): ChatBody {
  const body = parseLossless(text);
  if (!isObject(body)) throw new SyntaxError('The stored request is not a JSON object.');
  return body;
}
