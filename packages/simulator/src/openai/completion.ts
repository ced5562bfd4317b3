import type { Fault } from '../faults/behaviour.ts';
import { spoiltCharacter } from '../server/bytes.ts';
import type { WholeAnswer } from '../server/provider.ts';
import { billedOf, type ChatAnswer, reasoningText, usageOf } from './chat-answer.ts';
import { internalErrorBody } from './errors.ts';

/** Writes an answer as one completion. */
export function toCompletion(answer: ChatAnswer): WholeAnswer {
  const { request, behaviour, content, reasoningTokens, identity } = answer;
  const { fault, faultAfterTokens } = behaviour;
  if (fault?.name === 'errev') return { kind: 'whole', body: internalErrorBody, tokens: 0, steps: 0, isFree: true };
  const isCut = fault?.name === 'cut';
  const tokens = isCut ? Math.min(faultAfterTokens, content.tokens) : content.tokens;
  const usage = usageOf(answer, tokens);
  const { id, created, model, ...rest } = identity;
  const body = JSON.stringify({
    id,
    object: 'chat.completion',
    created,
    model,
    choices: Array.from({ length: request.choices }, (_, index) => ({
      index,
      message: { role: 'assistant', ...messageOf({ answer, choice: index, tokens }), refusal: null, annotations: [] },
      logprobs: null,
      finish_reason: isCut ? null : content.finishReason,
    })),
    usage,
    ...rest,
  });
  return {
    kind: 'whole',
    body,
    tokens: usage.completion_tokens,
    billed: billedOf(answer, tokens),
    steps: reasoningTokens + tokens,
  };
}

function messageOf({ answer, choice, tokens }: { answer: ChatAnswer; choice: number; tokens: number }): object {
  const { content, reasoningTokens, behaviour } = answer;
  const message = content.message(choice, tokens);
  const reasoning = Array.from({ length: reasoningTokens }, (_, seq) => reasoningText(seq)).join('');
  const filler = fillerOf(behaviour.fault);
  return {
    ...message,
    ...(filler === '' ? {} : { content: (message.content ?? '') + filler }),
    ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
  };
}

/** Returns the text that content faults add to the completion. */
function fillerOf(fault: Fault | undefined): string {
  if (fault?.name === 'huge') return 'x'.repeat(fault.value * 1024 * 1024);
  return fault?.name === 'badutf8' ? spoiltCharacter : '';
}
