import { chatRequestSchema, embeddingsRequestSchema, type ErrorCode, errorTable, isErrorCode } from '@sluice/protocol';
import { z } from 'zod';
import { rateHeaders } from './answer-headers.ts';
import { chatChunk, chatCompletion, embeddingsAnswer } from './answer-schemas.ts';
import { chatFields, embeddingsFields } from './field-descriptions.ts';
import type { NamedSchema, ParameterDescription, RouteDescription } from './route-description.ts';

/** Codes that never reach a client of these routes as an HTTP status. */
const notForModels: ReadonlySet<ErrorCode> = new Set([
  'admin_key_required',
  'client_too_slow',
  'method_not_allowed',
  'request_cancelled',
  'unknown_url',
]);
/** Codes of all errors of a request to a model. */
export const modelErrors = Object.keys(errorTable)
  .filter(isErrorCode)
  .filter((code) => !notForModels.has(code));

/** Header of every request to a model. */
export const requestId: ParameterDescription = {
  name: 'x-request-id',
  in: 'header',
  description: 'An id of your own for this request; the answer repeats it if it is valid.',
  schema: z.string(),
};

const includeCost: ParameterDescription = {
  name: 'x-sluice-include-cost',
  in: 'header',
  description: 'With `true`, the last chunk of a stream has the cost in US dollars: `"sluice":{"cost_usd":0.001234}`.',
  schema: z.enum(['true', 'false']),
};

const chatRequest: NamedSchema = { name: 'ChatRequest', schema: chatRequestSchema, fields: chatFields };
const embeddingsRequest: NamedSchema = {
  name: 'EmbeddingsRequest',
  schema: embeddingsRequestSchema,
  fields: embeddingsFields,
};
/** Headers of every answer of a model. */
export const attemptHeaders = [
  'openai-processing-ms',
  'x-sluice-upstream',
  'x-sluice-attempts',
  'x-sluice-cost-usd',
  ...rateHeaders,
];
const usage = { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 };
const answered = { id: 'chatcmpl-1', created: 1_780_000_000, model: 'gpt-4o-mini' };
const chunk = (delta: object, finish_reason: string | null): string =>
  `data: ${JSON.stringify({ ...answered, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason }] })}\n\n`;

/** The requests to models. */
export const inferenceRoutes: readonly RouteDescription[] = [
  {
    method: 'post',
    path: '/v1/chat/completions',
    id: 'createChatCompletion',
    tag: 'inference',
    summary: 'Answers a conversation',
    description:
      "OpenAI's Chat Completions. Every parameter is checked; a field that the model's provider does not support is a 400 that names it. Beyond the limits of the fleet a request waits for its turn. `stream_options` needs `stream: true`, `top_logprobs` needs `logprobs: true`, and a tool that `tool_choice` names must be one of `tools`.",
    access: 'client',
    parameters: [requestId, includeCost],
    body: {
      description:
        'JSON, plain or compressed (`content-encoding`: gzip, deflate, br, zstd). Fields beyond the schema go to the provider unchanged.',
      json: chatRequest,
      examples: {
        whole: { model: 'demo', messages: [{ role: 'user', content: 'Tell me a story.' }] },
        stream: { model: 'demo', stream: true, messages: [{ role: 'user', content: 'Tell me a story.' }] },
        tools: {
          model: 'demo',
          messages: [{ role: 'user', content: 'Is it raining in Oslo?' }],
          tools: [
            {
              type: 'function',
              function: {
                name: 'weather',
                parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
              },
            },
          ],
        },
        image: {
          model: 'demo',
          messages: [
            {
              role: 'user',
              content: [
                { type: 'text', text: 'What is this?' },
                { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
              ],
            },
          ],
        },
      },
    },
    answers: {
      200: {
        description: 'The answer: JSON, or events with `stream: true`.',
        json: chatCompletion,
        examples: {
          whole: {
            ...answered,
            object: 'chat.completion',
            choices: [
              { index: 0, message: { role: 'assistant', content: 'Once upon a time.' }, finish_reason: 'stop' },
            ],
            usage,
          },
        },
        texts: [
          {
            mediaType: 'text/event-stream',
            description: `Events, each \`data: \` and a ${chatChunk.name} as JSON; then \`data: [DONE]\`. An error is an event with an Error, after which no \`[DONE]\` follows.`,
            example: `${chunk({ role: 'assistant', content: 'Once' }, null)}${chunk({ content: ' upon a time.' }, null)}${chunk({}, 'stop')}data: [DONE]\n\n`,
          },
        ],
        headers: [
          ...attemptHeaders,
          'x-sluice-continuations',
          'x-sluice-auto-continue',
          'x-sluice-compressed-messages',
          'x-sluice-dropped',
          'x-sluice-answer-id',
          'x-sluice-replayed',
        ],
      },
    },
    errors: modelErrors,
  },
  {
    method: 'post',
    path: '/v1/embeddings',
    id: 'createEmbeddings',
    tag: 'inference',
    summary: 'Makes vectors of texts',
    description: 'At most 2,048 inputs, and 300,000 tokens in all if the inputs are tokens.',
    access: 'client',
    parameters: [requestId],
    body: {
      json: embeddingsRequest,
      examples: {
        text: { model: 'embed', input: 'A text' },
        texts: { model: 'embed', input: ['A text', 'Another one'], encoding_format: 'base64' },
      },
    },
    answers: {
      200: {
        description: 'One vector for each input, in their order.',
        json: embeddingsAnswer,
        examples: {
          text: {
            object: 'list',
            data: [{ object: 'embedding', index: 0, embedding: [0.25, -0.5] }],
            model: 'embed',
            usage: { prompt_tokens: 2, total_tokens: 2 },
          },
        },
        headers: [...attemptHeaders, 'x-sluice-dropped'],
      },
    },
    errors: modelErrors,
  },
];
