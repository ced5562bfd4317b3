import { z } from 'zod';
import type { CallPlan, ChatBody, WholeTranslation } from '../adapter.ts';
import { openaiAdapter } from '../openai/index.ts';
import { parseText } from '../parse-text.ts';

const filteredSchema = z.looseObject({
  choices: z
    .array(z.looseObject({ finish_reason: z.literal('content_filter'), message: z.undefined().optional() }))
    .min(1),
});
const nothing = { role: 'assistant', content: null, refusal: null };

/** An answer that the filter took away as a whole comes without a message, which SDKs do not expect. */
export function translateWhole(text: string, body: ChatBody, plan: CallPlan): WholeTranslation {
  const filtered = parseText(filteredSchema, text);
  if (filtered === undefined) return openaiAdapter.translateWhole(text, body, plan);
  const choices = filtered.choices.map((choice) => ({ ...choice, message: nothing }));
  return openaiAdapter.translateWhole(JSON.stringify({ ...filtered, choices }), body, plan);
}
