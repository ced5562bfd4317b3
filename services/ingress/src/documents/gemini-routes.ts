import { GatewayError } from '@sluice/protocol';
import { toGeminiError } from '@sluice/surfaces';
import { z } from 'zod';
import { attemptHeaders, modelErrors, requestId } from './inference-routes.ts';
import type { ErrorEnvelopeDescription, NamedSchema, RouteDescription } from './route-description.ts';

const request: NamedSchema = {
  name: 'GeminiRequest',
  schema: z.looseObject({
    contents: z.array(z.looseObject({ role: z.string().optional(), parts: z.array(z.looseObject({})) })),
  }),
  fields: { contents: 'The turns of the conversation.' },
};

const response: NamedSchema = {
  name: 'GeminiResponse',
  schema: z.looseObject({ candidates: z.array(z.looseObject({})).optional() }),
};

const models: NamedSchema = {
  name: 'GeminiModels',
  schema: z.object({ models: z.array(z.looseObject({ name: z.string() })) }),
};

const model: NamedSchema = { name: 'GeminiModel', schema: z.looseObject({ name: z.string() }) };

const envelope: ErrorEnvelopeDescription = {
  schema: {
    name: 'GeminiError',
    schema: z.object({
      error: z.looseObject({
        code: z.number().int().meta({ type: 'integer' }),
        message: z.string().describe('What is wrong, what is wanted and where.'),
        status: z.string(),
      }),
    }),
  },
  statusOf: (code) => toGeminiError(new GatewayError(code)).status,
};

const path = {
  name: 'path',
  in: 'path',
  description:
    'Name of the model, a colon and a method: `generateContent`, `streamGenerateContent`, `countTokens`, `embedContent` or `batchEmbedContents`.',
  schema: z.string(),
  example: 'demo:generateContent',
} as const;

const example = { contents: [{ role: 'user', parts: [{ text: 'Tell me a story.' }] }] };
const answered = {
  candidates: [{ content: { role: 'model', parts: [{ text: 'Once upon a time.' }] }, finishReason: 'STOP', index: 0 }],
};

/** Google's Gemini API. */
export const geminiRouteDescriptions: readonly RouteDescription[] = [
  {
    method: 'post',
    path: '/v1beta/models/{path}',
    id: 'generateContent',
    tag: 'inference',
    summary: 'Answers a conversation, in the form of Google',
    description:
      "Google's Gemini API, at every upstream. The key is `x-goog-api-key`, `key` of the query, or one of the usual headers. An upstream of the type `gemini` gets the client's own request; for others it is translated, and `x-sluice-dropped` lists the fields that they do not get. `streamGenerateContent` answers with events for `?alt=sse`, else with one JSON list. The same methods exist under `/v1/models/`.",
    access: 'client',
    parameters: [requestId, path],
    body: { json: request, examples: { text: example } },
    answers: {
      200: {
        description: 'The response.',
        json: response,
        examples: { text: answered },
        texts: [
          {
            mediaType: 'text/event-stream',
            description:
              'Each event is a response that adds to the answer. There is no end mark; a failure is an event with an error.',
            example: `data: ${JSON.stringify(answered)}\n\n`,
          },
        ],
        headers: [...attemptHeaders, 'x-sluice-dropped', 'x-sluice-compressed-messages'],
      },
    },
    errors: [...modelErrors, 'unknown_url'],
    errorEnvelope: envelope,
  },
  {
    method: 'get',
    path: '/v1beta/models',
    id: 'listGeminiModels',
    tag: 'models',
    summary: 'Lists the models, in the form of Google',
    access: 'client',
    answers: {
      200: {
        description: 'The models of this key.',
        json: models,
        examples: { models: { models: [{ name: 'models/demo' }] } },
      },
    },
    errors: ['invalid_api_key'],
    errorEnvelope: envelope,
  },
  {
    method: 'get',
    path: '/v1beta/models/{path}',
    id: 'getGeminiModel',
    tag: 'models',
    summary: 'Shows a model, in the form of Google',
    access: 'client',
    parameters: [{ ...path, description: 'Name of the model.', example: 'demo' }],
    answers: { 200: { description: 'The model.', json: model, examples: { model: { name: 'models/demo' } } } },
    errors: ['invalid_api_key', 'model_not_found'],
    errorEnvelope: envelope,
  },
];
