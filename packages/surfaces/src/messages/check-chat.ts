import type { ChatRequest, JsonObject } from '@sluice/protocol';
import { checkChat as check, type FieldNames, toOwnField } from '../check-chat.ts';

const names: FieldNames = [
  [/^messages\[.*$/, 'messages'],
  [/^messages(?:\.tool_calls)?\.cache_control$/, 'messages.content.cache_control'],
  [/^messages\.content\.image_url\.detail$/, 'messages.content'],
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
export const checkChat = (chat: JsonObject): ChatRequest => check(chat, names);

/** Returns Anthropic's name for a field of a chat request. */
export const toMessagesField = (field: string): string => toOwnField(field, names);
