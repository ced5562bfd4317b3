import type { ChatBody } from '@sluice/protocol';
import type { CallPlan, WholeTranslation } from '../adapter.ts';
import { writeCompletion } from '../answer/completion.ts';
import { parsePlainText } from '../plain-text.ts';
import { finishReasonOf, identityOf, sessionOf, reasoningOf, usageOf } from './answer.ts';
import { readError, toInnerFailure } from './failure.ts';
import { answerSchema } from './wire.ts';

/** Translates a whole answer, including one that the provider sends instead of a requested stream. */
export function translateWhole(text: string, _body: ChatBody, plan: CallPlan): WholeTranslation {
  const answer = parsePlainText(answerSchema, text);
  const error = answer ?? readError(text);
  if (error?.code && !answer?.output) return { kind: 'failed', failure: toInnerFailure(error, undefined) };
  if (answer === undefined) {
    return { kind: 'failed', failure: { kind: 'malformed', message: "The provider's answer is not JSON." } };
  }
  const { output } = answer;
  if (!output || typeof output.text !== 'string') {
    return { kind: 'failed', failure: { kind: 'malformed', message: "The provider's answer contains no text." } };
  }
  if (output.finish_reason === 'null') {
    const message = "The provider's answer broke off before its end.";
    return { kind: 'failed', failure: { kind: 'truncated', message } };
  }
  const thoughts = reasoningOf(output);
  return writeCompletion({
    id: `chatcmpl-${plan.requestId}`,
    created: Math.floor(plan.startedAtMs / 1000),
    model: plan.model,
    ...identityOf(answer),
    message: {
      content: output.text,
      ...(thoughts === '' ? {} : { reasoning_content: thoughts }),
      ...sessionOf(output),
    },
    finishReason: finishReasonOf(output) ?? 'stop',
    usage: usageOf(answer),
  });
}
