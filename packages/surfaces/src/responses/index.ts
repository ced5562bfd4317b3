export {
  toChat as responsesToChat,
  toResponsesField,
  type TranslatedRequest as TranslatedResponsesRequest,
} from './to-chat.ts';
export { parseResponsesRequest, type ResponsesRequest, responsesRequestSchema } from './request-schema.ts';
export { type ResponseIdentity, toResponse } from './response-object.ts';
export { createResponseStream, type ResponseStream, type ResponseStreamNeeds } from './stream/response-stream.ts';
export { toWholeResponse } from './whole.ts';
