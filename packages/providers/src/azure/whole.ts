import { writeLossless } from '@sluice/protocol';
import { z } from 'zod';
import { parseText } from '../parse-text.ts';

const filteredSchema = z.looseObject({
  choices: z
    .array(z.looseObject({ finish_reason: z.literal('content_filter'), message: z.undefined().optional() }))
    .min(1),
});
const nothing = { role: 'assistant', content: null, refusal: null };

/** Adds an empty message to an answer that the content filter removed entirely; SDKs expect one. */
export function withMessages(text: string): string {
  const filtered = parseText(filteredSchema, text);
  if (filtered === undefined) return text;
  return writeLossless({ ...filtered, choices: filtered.choices.map((choice) => ({ ...choice, message: nothing })) });
}
