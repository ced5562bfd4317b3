import { chatMessageSchema, GatewayError } from '@sluice/protocol';
import type { Request } from 'express';
import { z } from 'zod';
import { takeJson } from '../middleware/read-json.ts';

const text = z.string().min(1);

/** Metadata in OpenAI's bounds: 16 pairs, names of 64 characters and values of 512. */
const metadataSchema = z
  .record(z.string().max(64), z.string().max(512))
  .refine((pairs) => Object.keys(pairs).length <= 16, { error: 'must have at most 16 pairs' });

const contentSchema = z.union([z.string(), z.array(z.looseObject({ type: text }))]);

/** Items that clients may add. Those of hosted tools, which no provider here has, are refused. */
const inputItemSchema = z.union([
  z.looseObject({
    type: z.literal('message').optional(),
    role: z.enum(['user', 'assistant', 'system', 'developer']),
    content: contentSchema,
  }),
  z.looseObject({ type: z.literal('function_call'), call_id: text, name: text, arguments: z.string() }),
  z.looseObject({ type: z.literal('function_call_output'), call_id: text, output: contentSchema }),
  z.looseObject({ type: z.literal('reasoning'), summary: z.array(z.unknown()) }),
]);

/** OpenAI adds up to 20 items at once. */
const itemsSchema = z.array(inputItemSchema).max(20);

export const createBody = z.object({
  metadata: metadataSchema.nullish(),
  items: itemsSchema.nullish(),
  /** Person to whom the conversation belongs; with `title` and `messages` it comes from unified-proxy. */
  user_id: z.string().min(1).max(256).nullish(),
  title: z.string().max(512).nullish(),
  messages: z.array(chatMessageSchema).max(2000).nullish(),
});

export const updateBody = z.object({ metadata: metadataSchema.optional(), title: z.string().max(512).optional() });
export const addBody = z.object({ items: itemsSchema.min(1) });

/** @throws GatewayError 400 that names the first wrong field */
export function readBodyAs<Body>(schema: z.ZodType<Body>, request: Request): Body {
  const { success, data, error } = schema.safeParse(takeJson(request).value);
  if (success) return data;
  const [issue] = error.issues;
  const param = (issue?.path ?? [])
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
    .join('');
  throw new GatewayError('invalid_value', {
    message: `The field '${param.slice(1, 65)}' is not valid: ${issue?.message ?? ''}`,
    param: param.slice(1, 65),
  });
}
