import type { WholeTranslation } from '../adapter.ts';
import { toInnerFailure } from './failure.ts';
import { completionSchema } from './wire.ts';
import { parseText } from '../parse-text.ts';

/** Checks a whole answer and passes its text on unchanged. */
export function translateWhole(text: string): WholeTranslation {
  const completion = parseText(completionSchema, text);
  if (completion === undefined) {
    return { kind: 'failed', failure: { kind: 'malformed', message: "The provider's answer is not JSON." } };
  }
  if (completion.error) return { kind: 'failed', failure: toInnerFailure(completion.error) };
  const [choice] = completion.choices ?? [];
  if (!choice?.message) {
    return { kind: 'failed', failure: { kind: 'malformed', message: "The provider's answer holds no message." } };
  }
  return {
    kind: 'complete',
    text,
    summary: {
      usage: completion.usage ?? undefined,
      finishReason: choice.finish_reason ?? undefined,
      responseModel: completion.model ?? undefined,
    },
  };
}
