export type {
  AnswerSummary,
  CallPlan,
  ChatBody,
  ProviderAdapter,
  StreamState,
  StreamTranslator,
  WholeTranslation,
} from './adapter.ts';
export { adapters } from './registry.ts';
