import { type ErrorCode, GatewayError } from '@sluice/protocol';
import { countTokensSchema, messagesRequestSchema, toMessagesError } from '@sluice/surfaces';
import { z } from 'zod';
import { attemptHeaders, modelErrors, requestId } from './inference-routes.ts';
import type {
  ErrorEnvelopeDescription,
  NamedSchema,
  ParameterDescription,
  RouteDescription,
} from './route-description.ts';

const promptFields = {
  model: 'Name of the model, from the list of models.',
  messages: 'The turns of the conversation. Newer clients send instructions between them, with the role `system`.',
  system: 'Instructions, as a text or as blocks.',
  tools: 'Functions of the client. Tools that run at Anthropic need an upstream of Anthropic.',
  tool_choice: 'Whether the model may, must or must not call a tool, or which one it must call.',
  thinking: 'Amount of reasoning. Other upstreams get it as an effort: below 10,000 tokens low, below 20,000 medium.',
  output_config: 'Effort of the model, which takes precedence over the tokens of `thinking`, and schema of the answer.',
  output_format: 'Deprecated for `output_config.format`.',
};

const messagesRequest: NamedSchema = {
  name: 'MessagesRequest',
  schema: messagesRequestSchema,
  fields: {
    ...promptFields,
    max_tokens: 'Most tokens of the answer, reasoning included.',
    metadata: 'Its `user_id` names the end user.',
    service_tier: '`auto` or `standard_only`.',
    stop_sequences: 'Texts at which the answer ends; at most 4 for other upstreams than Anthropic.',
    stream: 'Send the answer as events.',
    temperature: 'Sampling temperature.',
    top_k: 'Sample from so many tokens.',
    top_p: 'Sample from the tokens of this probability mass.',
  },
};

const countRequest: NamedSchema = { name: 'CountTokensRequest', schema: countTokensSchema, fields: promptFields };

const count = z.number().int().nonnegative().meta({ type: 'integer' });
const message: NamedSchema = {
  name: 'Message',
  schema: z.looseObject({
    id: z.string(),
    type: z.literal('message'),
    role: z.literal('assistant'),
    model: z.string(),
    content: z.array(z.looseObject({ type: z.string() })),
    stop_reason: z.string().nullable(),
    stop_sequence: z.string().nullable(),
    usage: z.looseObject({ input_tokens: count, output_tokens: count }),
  }),
};

const tokenCount: NamedSchema = {
  name: 'TokenCount',
  schema: z.object({ input_tokens: count.describe('An estimate of the tokens of the prompt.') }),
};

const envelope: ErrorEnvelopeDescription = {
  schema: {
    name: 'MessagesError',
    schema: z.object({
      type: z.literal('error'),
      error: z.looseObject({
        type: z.string(),
        message: z.string().describe('What is wrong, what is wanted and where.'),
      }),
      request_id: z.string().optional(),
    }),
  },
  statusOf: (code) => toMessagesError(new GatewayError(code), '').status,
};

const ownHeaders: readonly ParameterDescription[] = [
  requestId,
  {
    name: 'anthropic-version',
    in: 'header',
    description: 'Version of the API. It may be absent.',
    schema: z.string(),
    example: '2023-06-01',
  },
  {
    name: 'anthropic-beta',
    in: 'header',
    description: 'Names of betas. An upstream of Anthropic gets them unchanged.',
    schema: z.string(),
  },
];

const example = { model: 'demo', max_tokens: 1024, messages: [{ role: 'user', content: 'Tell me a story.' }] };
const usage = { input_tokens: 9, output_tokens: 3 };
const head = { id: 'msg_1', type: 'message', role: 'assistant', model: 'demo' };

const event = (data: { readonly type: string }): string => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
const streamExample = [
  { type: 'message_start', message: { ...head, content: [], stop_reason: null, stop_sequence: null, usage } },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Once upon a time.' } },
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage },
  { type: 'message_stop' },
]
  .map(event)
  .join('');

/** Errors of a request that asks no model. */
const countErrors = modelErrors.filter((code: ErrorCode) => !/^(?:upstream_|worker_|relay_|queue_)/.test(code));

/** Anthropic's Messages API. */
export const messagesRoutes: readonly RouteDescription[] = [
  {
    method: 'post',
    path: '/v1/messages',
    id: 'createMessage',
    tag: 'inference',
    summary: 'Answers a conversation, in the form of Anthropic',
    description:
      "Anthropic's Messages API, at every upstream. An upstream of Anthropic gets the client's own request and its `anthropic-*` headers; for others it is translated, and `x-sluice-dropped` lists the fields that they do not get. A tool that runs at Anthropic is a 400 that names it, where no upstream of Anthropic serves the model.",
    access: 'client',
    parameters: ownHeaders,
    body: {
      description: 'Fields beyond the schema go to upstreams of Anthropic unchanged.',
      json: messagesRequest,
      examples: { whole: example, stream: { ...example, stream: true } },
    },
    answers: {
      200: {
        description: 'The message: JSON, or events with `stream: true`.',
        json: message,
        examples: {
          whole: {
            ...head,
            content: [{ type: 'text', text: 'Once upon a time.' }],
            stop_reason: 'end_turn',
            stop_sequence: null,
            usage,
          },
        },
        texts: [
          {
            mediaType: 'text/event-stream',
            description: "Anthropic's events. A failure is an event `error`, after which no `message_stop` follows.",
            example: streamExample,
          },
        ],
        headers: [...attemptHeaders, 'request-id', 'x-sluice-dropped', 'x-sluice-compressed-messages'],
      },
    },
    errors: modelErrors,
    errorEnvelope: envelope,
  },
  {
    method: 'post',
    path: '/v1/messages/count_tokens',
    id: 'countMessageTokens',
    tag: 'inference',
    summary: 'Estimates the tokens of a prompt',
    description: 'No upstream is asked. The request counts towards no limit and no budget.',
    access: 'client',
    parameters: ownHeaders,
    body: { json: countRequest, examples: { text: { model: example.model, messages: example.messages } } },
    answers: {
      200: {
        description: 'The estimate.',
        json: tokenCount,
        examples: { text: { input_tokens: 12 } },
        headers: ['request-id'],
      },
    },
    errors: countErrors,
    errorEnvelope: envelope,
  },
];
