export { parseCountTokensRequest, parseMessagesRequest } from './parse-request.ts';
export {
  type CountTokensRequest,
  countTokensSchema,
  type MessagesRequest,
  messagesRequestSchema,
} from './request-schema.ts';
export { toChatRequest, toPrompt, type TranslatedRequest } from './to-chat.ts';
