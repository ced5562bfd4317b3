import { type ChatRequest, GatewayError, type JsonObject, parseChatRequest } from '@sluice/protocol';

/** Fields of a chat request with another name on a surface. The first pattern that fits counts. */
export type FieldNames = readonly (readonly [RegExp, string])[];

/**
 * Checks the limits of chat requests in a translated one.
 * @throws GatewayError 400 that names the field of the client's request
 */
export function checkChat(chat: JsonObject, names: FieldNames): ChatRequest {
  try {
    return parseChatRequest(chat);
  } catch (error) {
    throw error instanceof GatewayError && error.param !== undefined ? renamed(error, error.param, names) : error;
  }
}

/** Returns the surface's name for a field of a chat request: `user` is `metadata.user_id`. */
export function toOwnField(field: string, names: FieldNames): string {
  const [pattern, name] = names.find(([known]) => known.test(field)) ?? [];
  return pattern === undefined || name === undefined ? field : field.replace(pattern, name);
}

function renamed({ code, message }: GatewayError, param: string, names: FieldNames): GatewayError {
  const own = toOwnField(param, names);
  return new GatewayError(code, { param: own, message: message.replaceAll(`'${param}'`, `'${own}'`) });
}
