import { writeLossless } from '@sluice/protocol';
import { z } from 'zod';
import { parseText } from '../parse-text.ts';

const filteredSchema = z.looseObject({
  choices: z
    .array(z.looseObject({ finish_reason: z.literal('content_filter'), message: z.undefined().optional() }))
    .min(1),
});
const nothing = { role: 'assistant', content: null, refusal: null };

/** An answer that the filter took away as a whole comes without a message, which SDKs do not expect. */
export function withMessages(text: string): string {
  const filtered = parseText(filteredSchema, text);
  if (filtered === undefined) return text;
  return writeLossless({ ...filtered, choices: filtered.choices.map((choice) => ({ ...choice, message: nothing })) });
}
