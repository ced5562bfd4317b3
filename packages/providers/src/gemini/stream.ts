import type { FinishReason } from '../answer/chunk-writer.ts';
import { type AnswerDraft, createStreamTranslator } from '../answer/stream-translator.ts';
import type { CallPlan, ChatBody, StreamTranslator } from '../adapter.ts';
import { parseText } from '../parse-text.ts';
import { blockOf, candidateOf, endingOf, identityOf, type Piece, toPiece, usageOf } from './answer.ts';
import { toInnerFailure } from './failure.ts';
import { responseSchema, type WireResponse } from './wire.ts';

/**
 * Each event is a response of its own that adds to the answer. Older models give a finish reason with every one of them,
 * and an error may follow it: how the answer ended is only told when the stream is over. There is no [DONE].
 */
export function translateStream(body: ChatBody, plan: CallPlan): StreamTranslator {
  let finishReason: FinishReason | undefined;
  /** The counts of the whole answer came with its end: nothing more is to be expected. */
  let isCounted = false;
  let responses = 0;
  let endings = 0;
  let calls = 0;
  let hasAnswered = false;

  function onResponse(response: WireResponse, answer: AnswerDraft): void {
    responses++;
    answer.identify(identityOf(response));
    const candidate = candidateOf(response);
    for (const part of candidate?.content?.parts ?? []) {
      const piece = toPiece(part, { callsBefore: calls, requestId: plan.requestId });
      if (piece !== undefined) write(piece, answer);
    }
    if (response.usageMetadata) answer.usage(usageOf(response.usageMetadata));
    const block = blockOf(response);
    if (block !== undefined && !hasAnswered) return answer.fail(block);
    const ending = endingOf(candidate, { hasCalls: calls > 0 });
    if (ending?.kind === 'failed') return answer.fail(ending.failure);
    if (ending !== undefined) endings++;
    finishReason = block === undefined ? (ending?.reason ?? finishReason) : 'content_filter';
    isCounted = ending !== undefined && response.usageMetadata?.candidatesTokenCount != null;
  }

  function write({ toolCall, ...delta }: Piece, answer: AnswerDraft): void {
    hasAnswered = true;
    if (toolCall === undefined) return answer.delta(delta);
    answer.delta({ ...delta, tool_calls: [{ index: calls, ...toolCall }] });
    calls++;
  }

  const translator = createStreamTranslator(body, plan, {
    onEvent({ data }, answer) {
      const response = parseText(responseSchema, data);
      if (response === undefined) {
        answer.fail({ kind: 'malformed', message: 'The provider sent an event that is no response of its protocol.' });
      } else if (response.error) answer.fail(toInnerFailure(response.error));
      else onResponse(response, answer);
    },
    onEnd(answer) {
      if (finishReason !== undefined) answer.finish(finishReason);
    },
  });

  return {
    push: translator.push,
    end: translator.end,
    get state() {
      return translator.state;
    },
    get isFinished() {
      return translator.isFinished || isCounted;
    },
    // An older model, or perhaps one: its first event tells no more.
    get mayGoOn() {
      return endings > 1 || responses === 1;
    },
  };
}
