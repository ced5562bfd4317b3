export { parseCountTokensRequest, parseMessagesRequest } from './parse-request.ts';
export {
  type CountTokensRequest,
  countTokensSchema,
  type MessagesRequest,
  messagesRequestSchema,
} from './request-schema.ts';
export { toChatRequest, toPrompt, type TranslatedRequest } from './to-chat.ts';
export { type MessagesError, toMessagesError } from './errors.ts';
export { toMessage } from './whole.ts';
export { createMessageStream, type MessageStream, type MessageStreamNeeds } from './stream.ts';
export { pingEvent } from './stream-events.ts';
export { toMessagesField } from './check-chat.ts';
