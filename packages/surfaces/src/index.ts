export {
  createResponseStream,
  parseResponsesRequest,
  type ResponseIdentity,
  type ResponsesRequest,
  responsesRequestSchema,
  responsesToChat,
  type ResponseStream,
  type ResponseStreamNeeds,
  toResponse,
  toWholeResponse,
  type TranslatedResponsesRequest,
} from './responses/index.ts';
