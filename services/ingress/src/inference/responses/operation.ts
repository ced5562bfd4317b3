import { randomBytes } from 'node:crypto';
import { type ChatRequest, writeLossless } from '@sluice/protocol';
import {
  createResponseStream,
  parseResponsesRequest,
  type ResponsesRequest,
  responsesToChat,
  type ResponseStreamNeeds,
  toResponsesField,
  toWholeResponse,
} from '@sluice/surfaces';
import { heartbeatLine } from '../../sse/heartbeat.ts';
import { responseTurnOf } from '../../context.ts';
import type { ResponseTurn } from '../../responses/response-turn.ts';
import { reserveChat } from '../chat/reserve.ts';
import { shapeChat } from '../chat/shape.ts';
import type { Operation } from '../operation.ts';
import type { AnswerForms } from '../reply/answer-form.ts';

/** A translated request, and the fields that no upstream gets. */
export interface ResponsesOrder {
  readonly chat: ChatRequest;
  readonly dropped: readonly string[];
}

/** `POST /v1/responses`: OpenAI's Responses API. */
export const responses: Operation<ResponsesOrder> = {
  name: 'chat',
  parse(value, response) {
    const request = parseResponsesRequest(value);
    const { chat, bridged, dropped } = responsesToChat(request);
    return {
      request: { chat, dropped },
      model: request.model,
      stream: request.stream === true,
      parameters: {
        messageCount: chat.messages.length,
        temperature: request.temperature ?? undefined,
        maxTokens: request.max_output_tokens ?? undefined,
      },
      forms: formsOf(request, bridged, responseTurnOf(response)),
    };
  },
  shape({ chat, dropped }, _bytes, entry) {
    const { request, ...shape } = shapeChat(chat, Buffer.from(writeLossless(chat)), entry);
    return { ...shape, request: { chat: request, dropped }, droppedFields: dropped, mayDrop };
  },
  fieldName: toResponsesField,
  reserve: ({ chat }, bodyBytes) => reserveChat(chat, bodyBytes),
  reply() {
    throw new Error('each request brings the forms of its answer');
  },
};

/** Flavours of an answer, which clients send without being asked. */
const mayDrop = ['verbosity', 'reasoning_effort', 'service_tier'];

/** Characters that hide the length of a piece: pieces look alike in steps of this many. */
const padding = 16;

function formsOf(
  request: ResponsesRequest,
  bridged: ResponseStreamNeeds['bridged'],
  { identity, keep, settled }: ResponseTurn,
): AnswerForms {
  const needs: ResponseStreamNeeds = {
    identity,
    request,
    bridged,
    newId: (prefix) => `${prefix}_${randomBytes(24).toString('hex')}`,
    nowSeconds: () => Math.floor(Date.now() / 1000),
    obfuscate: request.stream_options?.include_obfuscation === true ? pad : undefined,
    onEnd: keep,
  };
  return {
    stream: () => {
      const { onData, end, error } = createResponseStream(needs);
      return { onData, end: () => end(), error, heartbeat: heartbeatLine };
    },
    whole: (text) => writeLossless(toWholeResponse(text, needs)),
    settled,
  };
}

const pad = (text: string): string =>
  randomBytes(padding)
    .toString('base64url')
    .slice(0, padding - (text.length % padding));
