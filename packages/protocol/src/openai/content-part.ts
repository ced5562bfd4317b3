import { z } from 'zod';
import { object, openUnion, text } from './field-types.ts';

/** Ends a reusable prompt prefix. */
const cacheBreakpoint = object({ mode: text, ttl: text.optional() }).optional();

const textPart = object({ type: z.literal('text'), text, prompt_cache_breakpoint: cacheBreakpoint });

const imagePart = object({
  type: z.literal('image_url'),
  image_url: object({ url: text, detail: text.optional() }),
  prompt_cache_breakpoint: cacheBreakpoint,
});

const audioPart = object({
  type: z.literal('input_audio'),
  input_audio: object({ data: text, format: text }),
  prompt_cache_breakpoint: cacheBreakpoint,
});

const filePart = object({
  type: z.literal('file'),
  file: object({ file_data: text.optional(), file_id: text.optional(), filename: text.optional() }),
  prompt_cache_breakpoint: cacheBreakpoint,
});

const refusalPart = object({ type: z.literal('refusal'), refusal: text });

/**
 * One piece of a message. Every role may hold every kind: OpenAI wants text alone in most of them, but other providers
 * take images in tool results and the like.
 */
export const contentPartSchema = openUnion([textPart, imagePart, audioPart, filePart, refusalPart]);

/** One piece of a message; narrow it by `type`. */
export type ContentPart = z.output<typeof contentPartSchema>;

/** A piece of a predicted answer. */
export const textPartSchema = textPart;
