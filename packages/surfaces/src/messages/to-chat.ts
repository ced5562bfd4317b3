import { type ChatRequest, type JsonObject } from '@sluice/protocol';
import { checkChat } from './check-chat.ts';
import { createDropped } from './dropped.ts';
import type { Translation } from './parts.ts';
import type { CountTokensRequest, MessagesRequest } from './request-schema.ts';
import { toSettings } from './settings.ts';
import { toTooling } from './tools.ts';
import { toMessages } from './turns.ts';

/** A request of Anthropic's protocol as a chat request. */
export interface TranslatedRequest {
  /** Has members beyond OpenAI's: `cache_control`, `reasoning_details`, `top_k`. Write it with `writeLossless`. */
  readonly chat: ChatRequest;
  /** Names of the fields that the chat request lacks, such as `context_management`; at most 20. */
  readonly dropped: readonly string[];
}

/**
 * Translates a valid request, parsed by `parseLossless` if big numbers in the inputs of tools must survive.
 *
 * @throws GatewayError 400 that names a field which only Anthropic can serve, unless `isNative`
 */
export function toChatRequest(
  request: MessagesRequest,
  { isNative }: Pick<Translation, 'isNative'>,
): TranslatedRequest {
  const translation: Translation = { isNative, dropped: createDropped() };
  const chat: JsonObject = {
    model: request.model,
    messages: toMessages(request, translation),
    ...toTooling(request, translation),
    ...toSettings(request, translation),
  };
  if (!isNative) checkChat(chat);
  return { chat: chat as ChatRequest, dropped: translation.dropped.names() };
}

/** Translates the part of a request that has tokens, for an estimate. Refuses nothing. */
export function toPrompt(request: CountTokensRequest): Pick<ChatRequest, 'messages' | 'tools'> {
  const translation: Translation = { isNative: true, dropped: createDropped() };
  const prompt: JsonObject = {
    messages: toMessages(request, translation),
    ...toTooling(request, translation),
  };
  return prompt as Pick<ChatRequest, 'messages' | 'tools'>;
}
