import type { ErrorCode } from '@sluice/protocol';
import { responsesRequestSchema } from '@sluice/surfaces';
import { z } from 'zod';
import { attemptHeaders, modelErrors, requestId } from './inference-routes.ts';
import type { NamedSchema, ParameterDescription, RouteDescription } from './route-description.ts';

const request: NamedSchema = {
  name: 'ResponsesRequest',
  schema: responsesRequestSchema,
  fields: {
    model: 'Name of the model, from the list of models.',
    input: 'A text, or items: messages, calls, results of calls, reasoning.',
    instructions: 'Instructions for this request alone.',
    previous_response_id: 'Response that this one continues: its items come first.',
    conversation: 'Conversation whose items come first, and which gets the new ones.',
    store: 'Store the response. Default: true.',
    stream: 'Send the response as events.',
    tools: 'Functions, custom tools and namespaces. Tools that run at OpenAI are refused.',
    truncation: '`auto` is accepted and changes nothing; `compress_context` of the model does.',
    background: 'Answer at once; not supported yet.',
  },
};

const response: NamedSchema = {
  name: 'Response',
  schema: z.looseObject({
    id: z.string(),
    object: z.literal('response'),
    status: z.enum(['queued', 'in_progress', 'completed', 'incomplete', 'failed', 'cancelled']),
    model: z.string(),
    output: z.array(z.looseObject({ type: z.string() })),
  }),
};

const items: NamedSchema = {
  name: 'ResponseItems',
  schema: z.looseObject({ object: z.literal('list'), data: z.array(z.looseObject({ type: z.string() })) }),
};

const example = { model: 'demo', input: 'Tell me a story.' };
const answered = {
  id: 'resp_1',
  object: 'response',
  status: 'completed',
  model: 'demo',
  output: [
    {
      id: 'msg_1',
      type: 'message',
      status: 'completed',
      role: 'assistant',
      content: [{ type: 'output_text', text: 'Once upon a time.', annotations: [] }],
    },
  ],
};

const id: ParameterDescription = {
  name: 'id',
  in: 'path',
  description: 'Id of a response.',
  schema: z.string(),
  example: 'resp_1',
};

const own: readonly ErrorCode[] = ['invalid_api_key', 'response_not_found', 'records_unavailable', 'redis_unavailable'];

/** OpenAI's Responses API. */
export const responsesRoutes: readonly RouteDescription[] = [
  {
    method: 'post',
    path: '/v1/responses',
    id: 'createResponse',
    tag: 'inference',
    summary: 'Answers, in the form of the Responses API',
    description:
      "OpenAI's Responses API, at every upstream. The request is translated into a chat request, and the answer back; `x-sluice-dropped` lists the fields that no upstream gets. Tools that run at OpenAI are a 400 `unsupported_tool`.",
    access: 'client',
    parameters: [requestId],
    body: { json: request, examples: { text: example, stream: { ...example, stream: true } } },
    answers: {
      200: {
        description: 'The response: JSON, or events with `stream: true`.',
        json: response,
        examples: { text: answered },
        texts: [
          {
            mediaType: 'text/event-stream',
            description:
              'Numbered events; the last one has the whole response. Then `data: [DONE]`. A failure is the event `error` and `response.failed`.',
            example: `event: response.completed\ndata: ${JSON.stringify({ type: 'response.completed', response: answered, sequence_number: 9 })}\n\ndata: [DONE]\n\n`,
          },
        ],
        headers: [...attemptHeaders, 'x-sluice-dropped', 'x-sluice-compressed-messages'],
      },
    },
    errors: modelErrors,
  },
  {
    method: 'get',
    path: '/v1/responses',
    id: 'upgradeResponses',
    tag: 'inference',
    summary: 'Refuses WebSockets',
    description: 'Clients that try a WebSocket first get a 426 at once, and send the request by HTTP.',
    access: 'none',
    answers: {},
    errors: ['websocket_not_supported', 'method_not_allowed'],
  },
  {
    method: 'get',
    path: '/v1/responses/{id}',
    id: 'getResponse',
    tag: 'inference',
    summary: 'Shows a stored response',
    access: 'client',
    parameters: [id],
    answers: { 200: { description: 'The response.', json: response, examples: { text: answered } } },
    errors: [...own, 'invalid_value'],
  },
  {
    method: 'delete',
    path: '/v1/responses/{id}',
    id: 'deleteResponse',
    tag: 'inference',
    summary: 'Deletes a stored response',
    access: 'client',
    parameters: [id],
    answers: {
      200: {
        description: 'It is deleted.',
        json: {
          name: 'DeletedResponse',
          schema: z.object({ id: z.string(), object: z.literal('response'), deleted: z.literal(true) }),
        },
        examples: { deleted: { id: 'resp_1', object: 'response', deleted: true } },
      },
    },
    errors: own,
  },
  {
    method: 'post',
    path: '/v1/responses/{id}/cancel',
    id: 'cancelResponse',
    tag: 'inference',
    summary: 'Cancels a background response',
    description: 'Other responses end when their client leaves, and are a 400 here.',
    access: 'client',
    parameters: [id],
    answers: {},
    errors: [...own, 'invalid_request'],
  },
  {
    method: 'get',
    path: '/v1/responses/{id}/input_items',
    id: 'listResponseInput',
    tag: 'inference',
    summary: 'Lists the items of a request',
    access: 'client',
    parameters: [
      id,
      { name: 'limit', in: 'query', description: 'Default: 20, at most 100.', schema: z.string(), example: '20' },
      { name: 'order', in: 'query', description: 'Default: `desc`.', schema: z.enum(['asc', 'desc']) },
      { name: 'after', in: 'query', description: 'Id of the last item of the page before.', schema: z.string() },
    ],
    answers: {
      200: {
        description: 'The items.',
        json: items,
        examples: { items: { object: 'list', data: [{ type: 'message', id: 'msg_1', role: 'user' }] } },
      },
    },
    errors: [...own, 'invalid_value'],
  },
  {
    method: 'post',
    path: '/v1/responses/input_tokens',
    id: 'countResponseInput',
    tag: 'inference',
    summary: 'Estimates the tokens of an input',
    description: 'No upstream is asked. The request counts towards no limit and no budget.',
    access: 'client',
    parameters: [requestId],
    body: { json: request, examples: { text: example } },
    answers: {
      200: {
        description: 'The estimate.',
        json: {
          name: 'InputTokens',
          schema: z.object({
            object: z.literal('response.input_tokens'),
            input_tokens: z.number().int().nonnegative().meta({ type: 'integer' }),
          }),
        },
        examples: { text: { object: 'response.input_tokens', input_tokens: 12 } },
      },
    },
    errors: modelErrors.filter((code) => !/^(?:upstream_|worker_|relay_|queue_)/.test(code)),
  },
];
