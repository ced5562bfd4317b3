export { type CompletionsAnswer, createCompletionsAnswer, toCompletion } from './answer.ts';
export {
  type CompletionsRequest,
  completionsRequestSchema,
  completionsToChat,
  parseCompletionsRequest,
  type TranslatedCompletionsRequest,
} from './request.ts';
