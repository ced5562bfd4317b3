import type { CallPlan, ChatBody, WholeTranslation } from '../adapter.ts';
import { openaiAdapter } from '../openai/index.ts';
import { toStatedFailure } from './failure.ts';

/** OpenAI's answer. Where all of it is thoughts, the text stays empty; where usage is missing, none is made up. */
export function translateWhole(text: string, body: ChatBody, plan: CallPlan): WholeTranslation {
  const failure = toStatedFailure(text);
  return failure === undefined ? openaiAdapter.translateWhole(text, body, plan) : { kind: 'failed', failure };
}
