import {
  type ChatBody,
  isObject,
  itemsOf,
  type JsonObject,
  membersOf,
  type UpstreamFailure,
  type Usage,
} from '@sluice/protocol';
import type { CallPlan } from '../../adapter.ts';
import { ownWord } from './chunk.ts';
import { endByItself, forcesCall, type OpenAiReason, readEnd } from './finish-reason.ts';
import { namesOf } from '../../answer/names.ts';
import { withChoices } from './find-choices.ts';
import { amendHead } from './head.ts';
import { amend, amendEach } from '../../json-object.ts';
import { amendLogprobs, amendTexts, withoutNulls } from './message.ts';
import { splitReasoning } from '../../answer/think-tags.ts';
import { callNames } from '../../answer/call-names.ts';
import { amendCalls } from './tool-calls.ts';
import { usageOf } from './usage.ts';

export interface CompletionOptions {
  readonly body: ChatBody;
  readonly plan: CallPlan;
  /** Set if the reasoning stands in the content, between tags. */
  readonly hasThinkTags: boolean;
}

/** Returns the failure for a choice whose finish reason, in the provider's words, means an abort. */
export const brokenOff = (word: string): UpstreamFailure => ({
  kind: 'server',
  message: `The provider aborted its answer with "${word}".`,
});

export type AmendedCompletion =
  /** The same object if nothing had to be changed. */
  | {
      readonly kind: 'complete';
      readonly completion: JsonObject;
      readonly usage: Usage | undefined;
      readonly finishReason: string;
    }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure };

/** Converts a whole answer to the form that OpenAI documents. */
export function amendCompletion(answer: JsonObject, options: CompletionOptions): AmendedCompletion {
  const { body, plan, hasThinkTags } = options;
  const given = withChoices(answer);
  if (given === undefined) {
    return { kind: 'failed', failure: { kind: 'malformed', message: "The provider's answer contains no message." } };
  }
  const isForcedCall = forcesCall(body['tool_choice']);
  let failure: UpstreamFailure | undefined;
  let finishReason: OpenAiReason | undefined;

  function amendChoice(choice: JsonObject, at: number): JsonObject {
    const index = typeof choice['index'] === 'number' ? choice['index'] : at;
    const message = amendMessage(membersOf(choice['message']), index);
    const traits = { hasToolCalls: Array.isArray(message['tool_calls']), isForcedCall };
    const end = readEnd(choice['finish_reason'], traits);
    if (end.kind === 'failed') failure ??= brokenOff(end.word);
    const reason = end.kind === 'finished' ? end.reason : endByItself(traits);
    finishReason ??= reason;
    const logprobs = amendLogprobs(choice['logprobs']);
    return amend(choice, { index, message, logprobs, finish_reason: reason, ...ownWord(choice, reason) });
  }

  function amendMessage(message: JsonObject, index: number): JsonObject {
    const split = hasThinkTags && !plan.keepsThinkingMarkup ? splitReasoning : undefined;
    const texts = amendTexts(withoutNulls(message, ['tool_calls', 'function_call', 'annotations']), split);
    const { content, refusal, tool_calls: given } = texts;
    const calls = isObject(given) ? [given] : given;
    return amend(texts, {
      role: 'assistant',
      content: typeof content === 'string' ? content : null,
      refusal: typeof refusal === 'string' ? refusal : null,
      tool_calls:
        Array.isArray(calls) && calls.length > 0 ? amendCalls(calls, callNames(plan.requestId, index)) : undefined,
    });
  }

  const usage = usageOf(given);
  const completion = amend(amendHead(given, 'chat.completion', namesOf(plan)), {
    choices: amendEach(itemsOf(given['choices']), amendChoice),
    usage,
  });
  if (failure !== undefined) return { kind: 'failed', failure };
  return { kind: 'complete', completion, usage, finishReason: finishReason ?? 'stop' };
}
