import type { Usage } from '@sluice/protocol';
import { z } from 'zod';
import { usageOf } from '../openai-protocol/normalise/usage.ts';

/*
 * The members of chat.z.ai's private protocol that the adapter reads. It is not documented; see
 * docs/providers/zai-web.md.
 */

const text = z.string().nullish().catch(undefined);
const code = z.union([z.string(), z.number()]).nullish().catch(undefined);

const errorFields = z.object({
  code,
  error_code: code,
  detail: text,
  message: text,
  content: text,
  captcha_error_type: text,
});

/** An error, wherever it stands. */
export type WebError = z.output<typeof errorFields>;

const webErrorSchema = z.union([z.string().transform((detail): WebError => ({ detail })), errorFields]);

const error = webErrorSchema.nullish().catch(undefined);
/** The backend nests errors. */
const inner = z.object({ error }).nullish().catch(undefined);

const update = z.object({
  phase: text,
  delta_content: text,
  edit_content: text,
  edit_index: z.number().int().nonnegative().nullish().catch(undefined),
  content: text,
  usage: z.unknown().optional(),
  done: z.boolean().nullish().catch(undefined),
  error,
  data: inner,
  inner,
});
export type WebUpdate = z.output<typeof update>;

/** One event of an answer. Some senders end with `{"data":"[DONE]"}`. */
export const webEventSchema = z.object({
  error,
  data: z.union([z.literal('[DONE]'), update]).nullish(),
  usage: z.unknown().optional(),
});
export type WebEvent = z.output<typeof webEventSchema>;

/** An error body. `detail` is a text, or has the form of `error`. */
export const webErrorBodySchema = z.object({
  error,
  detail: error,
  message: text,
  code,
  data: inner,
});

/** The answer to a request for a session. */
export const sessionSchema = z.object({ token: z.string().min(1) });

/** A created chat or an uploaded file. */
export const createdSchema = z.looseObject({ id: z.string().min(1), filename: text });

/** Returns the error of an event, from any place where one was observed. */
export function errorIn({ error, data }: WebEvent): WebError | undefined {
  if (data === '[DONE]') return error ?? undefined;
  return error ?? data?.error ?? data?.data?.error ?? data?.inner?.error ?? undefined;
}

/** Returns the usage in OpenAI's form; some senders put it beside `data`. */
export function usageIn({ usage, data }: WebEvent): Usage | undefined {
  return usageOf({ usage }) ?? (data == null || data === '[DONE]' ? undefined : usageOf({ usage: data.usage }));
}
