import { z } from 'zod';
import { fit } from '../fit.ts';

/** Protocols of other providers that clients may speak to the gateway. */
export const nativeProtocols = ['messages', 'gemini'] as const;
export type NativeProtocol = (typeof nativeProtocols)[number];

/**
 * A client's request in another protocol than OpenAI's, for upstreams that speak the same one. It lies in Redis behind its
 * translation to a chat request, which all other upstreams get.
 */
export interface NativeRequest {
  readonly protocol: NativeProtocol;
  /** Headers of the client that belong to the protocol, such as `anthropic-beta`; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The client's body, JSON, unchanged. */
  readonly body: string;
}

/** JSON does not contain this character: inside texts it is written as an escape. */
const separator = '\u001e';

const headSchema = z.object({
  protocol: z.enum(nativeProtocols),
  headers: z.record(z.string(), z.string()),
});

/** Writes both forms of a request as one text. */
export function joinNative(chat: Buffer, { protocol, headers, body }: NativeRequest): Buffer {
  const head = JSON.stringify({ protocol, headers });
  return Buffer.concat([chat, Buffer.from(`${separator}${head}${separator}${body}`)]);
}

export interface StoredForms {
  /** The chat request. */
  readonly chat: string;
  readonly native: NativeRequest | undefined;
}

/**
 * Reads what {@link joinNative} wrote, or a chat request alone.
 * @throws SyntaxError if the part after the chat request has another form
 */
export function splitNative(text: string): StoredForms {
  const first = text.indexOf(separator);
  if (first < 0) return { chat: text, native: undefined };
  const second = text.indexOf(separator, first + 1);
  const head = second < 0 ? undefined : fit(headSchema, JSON.parse(text.slice(first + 1, second)));
  if (head === undefined) throw new SyntaxError('The stored text is not a request in two forms.');
  return { chat: text.slice(0, first), native: { ...head, body: text.slice(second + 1) } };
}
