import type { CallPlan, ChatBody, WholeTranslation } from '../adapter.ts';
import { openaiAdapter } from '../openai/index.ts';
import { toStatedFailure } from './failure.ts';

/** Translates OpenAI's answer. The text remains empty if all of it is reasoning; missing usage is not estimated. */
export function translateWhole(text: string, body: ChatBody, plan: CallPlan): WholeTranslation {
  const failure = toStatedFailure(text);
  return failure === undefined ? openaiAdapter.translateWhole(text, body, plan) : { kind: 'failed', failure };
}
