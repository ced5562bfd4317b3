export { type Blame, blameOf, blames } from './errors/blame.ts';
export { type ChatJob, chatJobSchema, type Operation } from './chat-job.ts';
export { type ErrorCode, type ErrorRow, errorTable, type ErrorType, isErrorCode } from './errors/codes.ts';
export {
  type ErrorDetails,
  type ErrorEnvelope,
  fromWireError,
  GatewayError,
  toEnvelope,
  toWireError,
  type UpstreamAnswer,
  type WireError,
} from './errors/gateway-error.ts';
export { mostTokens, type Usage, usageSchema } from './openai/usage.ts';
export { type Delivered, deliveredSchema } from './relay/delivered.ts';
export { decodeFrames, encodeFrame, type Frame, FrameError, type FrameKind, requestIdPattern } from './relay/frame.ts';
export {
  type Answered,
  answeredSchema,
  disclaimsSchema,
  type End,
  endSchema,
  type Failed,
  failedSchema,
  firstRetryState,
  type LastFailure,
  type Holds,
  holdsSchema,
  type Retry,
  retrySchema,
  type RetryState,
  startedSchema,
} from './relay/payloads.ts';
export { type FailureKind, failureKinds, type UpstreamFailure } from './upstream/failure.ts';
export type { Framing, ResponseHead, UpstreamEvent, UpstreamRequest } from './upstream/call.ts';
export { inspectJson, type JsonLimits, measureJsonText } from './json-depth.ts';
export { type ChatChunk, chatChunkSchema, type ChatCompletion, chatCompletionSchema } from './openai/chat-answer.ts';
export { type AnswerEvent, eventsOf, parseChunk, readChunk, textsOf, writeChunk } from './openai/answer-events.ts';
export { type ChatMessage, chatMessageSchema } from './openai/chat-message.ts';
export {
  type ChatParameter,
  chatParameters,
  type ChatRequest,
  type ChatRequestInput,
  chatRequestSchema,
} from './openai/chat-parameters.ts';
export { type ChatBody, isChatBody, readChatBody } from './openai/chat-body.ts';
export { parseChatRequest } from './openai/chat-request.ts';
export { type ContentPart, contentPartSchema } from './openai/content-part.ts';
export { toolCallSchema, toolSchema } from './openai/chat-tool.ts';
export { explainIssue } from './openai/explain-issue.ts';
export { paramOf } from './openai/field-errors.ts';
export {
  anyObject,
  decimal,
  flag,
  integer,
  list,
  object,
  oneOf,
  openUnion,
  type OtherKind,
  text,
} from './openai/field-types.ts';
export { refuseOperatorFields } from './openai/operator-fields.ts';
export { tooManyTokens } from './openai/embeddings-input.ts';
export { type EmbeddingsFacts, embeddingsRequestSchema, parseEmbeddingsRequest } from './openai/embeddings-request.ts';
export { firstIssueOnly, fit } from './fit.ts';
export {
  joinNative,
  type NativeProtocol,
  nativeProtocols,
  type NativeRequest,
  splitNative,
  type StoredForms,
} from './relay/native-request.ts';
export { replaceMember } from './json/replace-member.ts';
export { firstObjectIn } from './json/first-object.ts';
export {
  readReplica,
  readUpstreamReports,
  type Replica,
  type UpstreamReport,
  writeReplica,
  writeUpstreamReports,
} from './relay/fleet-reports.ts';
export { readModelNames, writeModelNames } from './relay/model-names.ts';
export { isEmpty, isFilled, isObject, itemsOf, type JsonObject, membersOf } from './json/values.ts';
export { inspectJsonText } from './json/inspect-text.ts';
export { parseLossless, writeLossless } from './json/lossless.ts';
export { writeChanged } from './json/source-text.ts';
export { unmarkText } from './json/marks.ts';
export { respell } from './json/spelling.ts';
