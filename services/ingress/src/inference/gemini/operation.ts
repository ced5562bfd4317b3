import { type ChatRequest, eventsOf, isObject, parseLossless, writeLossless } from '@sluice/protocol';
import {
  createGeminiAnswer,
  parseGeminiRequest,
  toGeminiChat,
  toGeminiError,
  toGeminiField,
  toGeminiResponse,
} from '@sluice/surfaces';
import type { Response } from 'express';
import { readGeminiPath } from '../../gemini/gemini-call.ts';
import type { ErrorForm } from '../../middleware/error-form.ts';
import { heartbeatLine } from '../../sse/heartbeat.ts';
import { reserveChat } from '../chat/reserve.ts';
import { shapeChat } from '../chat/shape.ts';
import type { Operation } from '../operation.ts';
import type { AnswerForms, StreamForm } from '../reply/answer-form.ts';

/** A request before its translation, and the translated one. */
export type GeminiOrder =
  | { readonly kind: 'asked'; readonly model: string; readonly stream: boolean }
  | { readonly kind: 'translated'; readonly chat: ChatRequest };

/** Flavours of an answer, which clients send without being asked. */
const mayDrop = ['reasoning_effort', 'seed'];

export const geminiErrors: ErrorForm = toGeminiError;

/** `POST /v1beta/models/{model}:generateContent` and `:streamGenerateContent`: Google's Gemini API. */
export const gemini: Operation<GeminiOrder> = {
  name: 'chat',
  parse(value, response) {
    const { model, method } = readGeminiPath(response.req);
    const request = parseGeminiRequest(value);
    const stream = method === 'streamGenerateContent';
    const config: unknown = request.generationConfig;
    const thinking = isObject(config) ? (config['thinkingConfig'] ?? config['thinking_config']) : undefined;
    const showsReasoning =
      isObject(thinking) && (thinking['includeThoughts'] === true || thinking['include_thoughts'] === true);
    return {
      request: { kind: 'asked', model, stream },
      model,
      stream,
      parameters: { messageCount: request.contents.length, temperature: undefined, maxTokens: undefined },
      forms: formsOf(response, showsReasoning),
    };
  },
  shape(order, bytes, entry, isNative) {
    if (order.kind !== 'asked') throw new Error('the request has been translated already');
    // Parsed again, because the arguments of calls may have numbers that JavaScript can't hold.
    const asked = parseGeminiRequest(parseLossless(bytes.toString('utf8')));
    const { chat, dropped } = toGeminiChat(asked, { ...order, isNative });
    const { request, ...shape } = shapeChat(chat, Buffer.from(writeLossless(chat)), entry);
    return { ...shape, request: { kind: 'translated', chat: request }, droppedFields: dropped, mayDrop };
  },
  fieldName: toGeminiField,
  reserve(order, bodyBytes) {
    if (order.kind !== 'translated') throw new Error('the request has not been translated');
    return reserveChat(order.chat, bodyBytes);
  },
  native: { protocol: 'gemini', upstreamTypes: ['gemini'], headersOf: () => ({}) },
  reply() {
    throw new Error('each request brings the forms of its answer');
  },
};

function formsOf(response: Response, showsReasoning: boolean): AnswerForms {
  const isSse = response.req.query['alt'] === 'sse';
  return {
    stream: () => (isSse ? eventForm(showsReasoning) : listForm(showsReasoning)),
    whole: (text, isNative) => (isNative ? text : toGeminiResponse(text, { showsReasoning })),
  };
}

const toEvent = (json: string): string => `data: ${json}\n\n`;

/** The answer as server-sent events. There is no end mark. */
function eventForm(showsReasoning: boolean): StreamForm {
  const { onData, end } = createGeminiAnswer({ showsReasoning });
  let isNative = false;
  return {
    reads: (native) => (isNative = native),
    onData: (events) => (isNative ? events : onData(events).map(toEvent).join('')),
    end: () => (isNative ? '' : end().map(toEvent).join('')),
    error: (error) => toEvent(JSON.stringify(toGeminiError(error).body)),
    heartbeat: heartbeatLine,
  };
}

/** The answer as one list of JSON, which clients read while it grows. */
function listForm(showsReasoning: boolean): StreamForm {
  const { onData, end } = createGeminiAnswer({ showsReasoning });
  let isNative = false;
  let isOpen = false;
  function write(items: readonly string[]): string {
    if (items.length === 0) return '';
    const text = `${isOpen ? ',\n' : '['}${items.join(',\n')}`;
    isOpen = true;
    return text;
  }
  return {
    reads: (native) => (isNative = native),
    onData: (events) => write(isNative ? eventsOf(events).map(({ data }) => data) : onData(events)),
    end: () => `${isNative ? '' : write(end())}${isOpen ? '' : '['}]`,
    error: (error) => `${write([JSON.stringify(toGeminiError(error).body)])}]`,
    // White space between the items means nothing.
    heartbeat: '\n',
    contentType: 'application/json; charset=utf-8',
  };
}
