import { GatewayError, type JsonObject, parseChatRequest } from '@sluice/protocol';

/** Fields of a chat request with another name at Anthropic, longest first. */
const names: readonly (readonly [RegExp, string])[] = [
  [/^messages\[.*$/, 'messages'],
  [/^(tools\[\d+\])\.function\.parameters.*$/, '$1.input_schema'],
  [/^(tools\[\d+\])\.function\.(.*)$/, '$1.$2'],
  [/^response_format.*$/, 'output_config.format'],
  [/^max_completion_tokens$/, 'max_tokens'],
  [/^stop\b.*$/, 'stop_sequences'],
  [/^reasoning_effort$/, 'output_config.effort'],
  [/^user$/, 'metadata.user_id'],
];

/**
 * Checks the limits of chat requests in a translated one.
 * @throws GatewayError 400 that names the field of the client's request
 */
export function checkChat(chat: JsonObject): void {
  try {
    parseChatRequest(chat);
  } catch (error) {
    throw error instanceof GatewayError && error.param !== undefined ? renamed(error, error.param) : error;
  }
}

function renamed({ code, message }: GatewayError, param: string): GatewayError {
  const [pattern, name] = names.find(([known]) => known.test(param)) ?? [];
  const own = pattern === undefined || name === undefined ? param : param.replace(pattern, name);
  return new GatewayError(code, { param: own, message: message.replaceAll(`'${param}'`, `'${own}'`) });
}
