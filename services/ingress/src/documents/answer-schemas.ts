import { chatChunkSchema, chatCompletionSchema } from '@sluice/protocol';
import { z } from 'zod';
import type { NamedSchema } from './route-description.ts';

const whole = z.number().int().nonnegative().meta({ type: 'integer' });

/** Answers of providers pass through, so every field but the choices may be absent. */
export const chatCompletion: NamedSchema = {
  name: 'ChatCompletion',
  schema: chatCompletionSchema
    .extend({ object: z.literal('chat.completion').optional() })
    .describe("A whole answer. A provider's additional fields are passed on."),
};

export const chatChunk: NamedSchema = {
  name: 'ChatCompletionChunk',
  schema: chatChunkSchema
    .extend({ object: z.literal('chat.completion.chunk').optional() })
    .describe("The data of one event of a stream. A provider's additional fields are passed on."),
};

export const embeddingsAnswer: NamedSchema = {
  name: 'EmbeddingsAnswer',
  schema: z.looseObject({
    object: z.literal('list'),
    data: z.array(
      z.looseObject({
        object: z.literal('embedding').optional(),
        index: whole,
        embedding: z.union([
          z.array(z.number()),
          z.string().describe('With `encoding_format: base64`: little-endian 32-bit floats.'),
        ]),
      }),
    ),
    model: z.string(),
    usage: z.looseObject({ prompt_tokens: whole, total_tokens: whole }).optional(),
  }),
};

const modelObject = z.object({
  id: z.string().describe('The name for the field `model`.'),
  object: z.literal('model'),
  type: z.literal('model').describe("For Anthropic's clients."),
  display_name: z.string().describe("The id again, for Anthropic's clients."),
  created_at: z.iso.datetime().describe('The same time as `created`.'),
  created: whole.describe('Start of this replica; seconds since 1970.'),
  owned_by: z.string().describe('Id of an upstream that serves the model.'),
});

export const model: NamedSchema = { name: 'Model', schema: modelObject };
export const modelList: NamedSchema = {
  name: 'ModelList',
  schema: z.object({
    object: z.literal('list'),
    data: z.array(modelObject),
    has_more: z.boolean().describe('More models follow the last one, or precede the first one with `before_id`.'),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
    models: z.array(z.never()).optional().describe('An empty list for Codex, which sends `client_version`.'),
  }),
};
