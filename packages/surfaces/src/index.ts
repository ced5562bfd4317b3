export {
  type CountTokensRequest,
  countTokensSchema,
  type MessagesRequest,
  messagesRequestSchema,
  parseCountTokensRequest,
  parseMessagesRequest,
  toChatRequest,
  toPrompt,
  type TranslatedRequest,
} from './messages/index.ts';
