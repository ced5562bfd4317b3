export type {
  AnswerSummary,
  CallPlan,
  CountedAnswer,
  NativeAdapter,
  ProviderAdapter,
  StreamState,
  StreamTranslator,
  WholeTranslation,
} from './adapter.ts';
export { type ChunkCollector, createChunkCollector } from './answer/collect-chunks.ts';
export { toChunks } from './answer/to-chunks.ts';
export { asEmbeddings } from './embeddings/operation.ts';
export type { ProviderType } from './catalogue.ts';
export { decideReading, withoutTerminator } from './framing/detect-framing.ts';
export { createEventReader } from './framing/event-reader.ts';
export type { EventReader } from './framing/reader.ts';
export type { Login, LoginClient, LoginResult } from './login.ts';
export type { ListPlan, ModelLister, ModelPage } from './model-lister.ts';
export type { Preparation, PreparationStep, Prepared, StepAnswer } from './preparation.ts';
export type { Provider } from './provider.ts';
export { providers } from './registry.ts';
export { type FitOptions, fitRequest, type Fitted } from './support/fit-request.ts';
export type { ProviderToken, TokenPlan, TokenResult, TokenSource, TokenSteps } from './token-source.ts';
