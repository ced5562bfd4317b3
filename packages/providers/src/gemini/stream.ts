import type { ChatBody, UpstreamFailure } from '@sluice/protocol';
import type { FinishReason } from '../answer/chunk-writer.ts';
import { type AnswerDraft, createStreamTranslator } from '../answer/stream-translator.ts';
import type { CallPlan, StreamTranslator } from '../adapter.ts';
import { brokenCall, candidateOf, createPartReader, identityOf, isCallTorn, type Piece, usageOf } from './answer.ts';
import { blockOf, endingOf, refusalOf } from './ending.ts';
import { toInnerFailure } from './failure.ts';
import { readResponse } from './read-response.ts';
import { toolNamesOf } from './tool-names.ts';
import type { WirePart, WireResponse } from './wire.ts';

/**
 * Translates a stream. Each event is a response of its own that adds to the answer. Older models send a finish reason
 * with every event, and an error may follow it: the end of the answer is certain only when the stream ends. There is no
 * [DONE].
 */
export function translateStream(body: ChatBody, plan: CallPlan): StreamTranslator {
  const parts = createPartReader(plan.requestId, toolNamesOf(body));
  let finishReason: FinishReason | undefined;
  /** True when the counts of the whole answer came with its end: nothing further is expected. */
  let isCounted = false;
  let responses = 0;
  let endings = 0;
  let calls = 0;
  let hasAnswered = false;
  /** Feedback on the prompt if no candidate has arrived. */
  let refusal: UpstreamFailure | undefined;

  /**
   * Returns whether the answer is over: if only some events have a finish reason, the first one is the end, and later
   * events are not part of the answer.
   */
  const isOver = (): boolean => endings > 0 && endings < responses;

  function onResponse(response: WireResponse, answer: AnswerDraft): void {
    answer.identify(identityOf(response));
    if (response.usageMetadata) answer.usage(usageOf(response.usageMetadata));
    if (isOver()) {
      isCounted ||= response.usageMetadata?.candidatesTokenCount != null;
      return;
    }
    responses++;
    const candidate = candidateOf(response);
    for (const part of candidate?.content?.parts ?? []) readPart(part, answer);
    const block = blockOf(response);
    if (block !== undefined && !hasAnswered) return answer.fail(block);
    if (candidate === undefined && responses === 1) refusal = refusalOf(response);
    if (candidate !== undefined) refusal = undefined;
    const ending = endingOf(candidate, { hasCalls: parts.calls > 0 });
    if (ending?.kind === 'failed') return answer.fail(ending.failure);
    if (ending !== undefined) endings++;
    if (isCallTorn(ending?.reason, parts)) return answer.fail(brokenCall);
    finishReason = block === undefined ? (ending?.reason ?? finishReason) : 'content_filter';
    isCounted = ending !== undefined && response.usageMetadata?.candidatesTokenCount != null;
  }

  function readPart(part: WirePart, answer: AnswerDraft): void {
    const piece = parts.read(part);
    if (piece === 'broken') answer.fail(brokenCall);
    else if (piece !== undefined) write(piece, answer);
    // A piece of a call has no output for the client yet, but the provider is working.
    else if (part.functionCall) answer.heartbeat();
  }

  function write({ toolCall, ...delta }: Piece, answer: AnswerDraft): void {
    hasAnswered = true;
    if (toolCall === undefined) return answer.delta(delta);
    answer.delta({ ...delta, tool_calls: [{ index: calls, ...toolCall }] });
    calls++;
  }

  const translator = createStreamTranslator(body, plan, {
    onEvent({ data }, answer) {
      // Gemini has no such end mark; servers that imitate it do.
      if (data.trim() === '[DONE]') return onEnd(answer);
      const response = readResponse(data);
      if (response !== undefined && !response.error) return onResponse(response, answer);
      if (isOver()) return;
      answer.fail(response?.error ? toInnerFailure(response.error) : unreadable);
    },
    onEnd,
  });

  function onEnd(answer: AnswerDraft): void {
    if (finishReason !== undefined) answer.finish(finishReason);
    else if (refusal !== undefined) answer.fail(refusal);
    answer.complete();
  }

  return {
    push: translator.push,
    end: translator.end,
    ...(translator.counted === undefined ? {} : { counted: translator.counted }),
    get state() {
      return translator.state;
    },
    get heartbeats() {
      return translator.heartbeats ?? 0;
    },
    get isFinished() {
      return translator.isFinished || isCounted;
    },
    // Older models send a finish reason with every event; after one event it is unknown whether more follow.
    get mayContinue() {
      return !isOver() && (endings > 1 || responses === 1);
    },
  };
}

const unreadable: UpstreamFailure = {
  kind: 'malformed',
  message: 'The provider sent an event that does not follow its protocol.',
};
