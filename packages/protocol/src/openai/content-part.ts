import { z } from 'zod';
import { object, openUnion, text } from './field-types.ts';

/** Marks the end of a reusable prompt prefix. */
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
 * One part of a message. Every role may hold every kind: OpenAI allows only text in most of them, but other providers
 * accept, for example, images in tool results.
 */
export const contentPartSchema = openUnion([textPart, imagePart, audioPart, filePart, refusalPart]);

/** One part of a message; discriminated by `type`. */
export type ContentPart = z.output<typeof contentPartSchema>;

/** Part of a predicted answer. */
export const textPartSchema = textPart;
