export { type CompletionsAnswer, createCompletionsAnswer, toCompletion } from './answer.ts';
export {
  type CompletionsRequest,
  completionsRequestSchema,
  completionsToChat,
  parseCompletionsRequest,
  toCompletionsField,
  type TranslatedCompletionsRequest,
} from './request.ts';
