import { completionsRequestSchema } from '@sluice/surfaces';
import { z } from 'zod';
import { attemptHeaders, modelErrors, requestId } from './inference-routes.ts';
import type { RouteDescription } from './route-description.ts';

const answered = {
  id: 'chatcmpl-1',
  object: 'text_completion',
  created: 1_780_000_000,
  model: 'demo',
  choices: [{ index: 0, text: 'Once upon a time.', finish_reason: 'stop', logprobs: null }],
};

/** OpenAI's older API for texts. */
export const completionsRoutes: readonly RouteDescription[] = [
  {
    method: 'post',
    path: '/v1/completions',
    id: 'createCompletion',
    tag: 'inference',
    summary: 'Answers a prompt, in the form of the older API',
    description:
      'The prompt becomes a chat with one message, at every upstream. Several prompts, `suffix` and `best_of` are a 400 that names them.',
    access: 'client',
    parameters: [requestId],
    body: {
      json: {
        name: 'CompletionsRequest',
        schema: completionsRequestSchema,
        fields: {
          model: 'Name of the model, from the list of models.',
          prompt: 'A text, or a list with one.',
          max_tokens: 'Default: 16, as at OpenAI.',
          echo: 'Repeat the prompt before the answer.',
        },
      },
      examples: { text: { model: 'demo', prompt: 'Tell me a story.' } },
    },
    answers: {
      200: {
        description: 'The completion: JSON, or events with `stream: true`.',
        json: {
          name: 'Completion',
          schema: z.looseObject({
            object: z.literal('text_completion'),
            choices: z.array(z.looseObject({ text: z.string(), finish_reason: z.string().nullable() })),
          }),
        },
        examples: { text: answered },
        texts: [
          {
            mediaType: 'text/event-stream',
            description: 'Events with pieces of the text; then `data: [DONE]`.',
            example: `data: ${JSON.stringify(answered)}\n\ndata: [DONE]\n\n`,
          },
        ],
        headers: [...attemptHeaders, 'x-sluice-dropped'],
      },
    },
    errors: modelErrors,
  },
];
