import { type ChatBody, writeLossless } from '@sluice/protocol';
import type { CallPlan, StreamTranslator } from '../adapter.ts';
import { callNames } from '../answer/call-names.ts';
import { type AnswerDraft, createStreamTranslator } from '../answer/stream-translator.ts';
import { createToolCallStream } from '../openai-protocol/normalise/tool-calls.ts';
import { parseText } from '../parse-text.ts';
import { markupReaderFor, networkError, splitMessage, toFinishReason } from './answer.ts';
import { toInnerFailure } from './failure.ts';
import type { SplitText } from './thought-markup.ts';
import { chunkSchema } from './wire.ts';

/**
 * Translates a stream of OpenAI-like chunks that deviate: no null without a finish reason, the usage on the last chunk
 * with a choice, and, for some models, reasoning inside the text.
 */
export function translateStream(body: ChatBody, plan: CallPlan): StreamTranslator {
  const reader = markupReaderFor(plan);
  const calls = createToolCallStream(callNames(plan.requestId, 0));

  function say({ reasoning, content }: SplitText, answer: AnswerDraft): void {
    if (reasoning !== '') answer.delta({ reasoning_content: reasoning });
    if (content !== '') answer.delta({ content });
  }

  return createStreamTranslator(body, plan, {
    write: writeLossless,
    onEvent({ data }, answer) {
      if (data === '[DONE]') return answer.complete();
      const chunk = parseText(chunkSchema, data);
      if (chunk === undefined) {
        return answer.fail({ kind: 'malformed', message: "The provider sent an event that can't be read." });
      }
      const { error, code, msg, choices, usage, web_search: found } = chunk;
      if (error != null) return answer.fail(toInnerFailure(error));
      if (choices == null && code != null) return answer.fail(toInnerFailure({ code, message: msg }));
      answer.identify({
        ...(chunk.id == null ? {} : { id: chunk.id }),
        ...(chunk.created == null ? {} : { created: chunk.created }),
        ...(chunk.model == null ? {} : { model: chunk.model }),
      });
      if (found != null && found.length > 0) answer.delta({ web_search: found });
      if (usage != null) answer.usage(usage);
      const [choice] = choices ?? [];
      if (choice?.delta != null) {
        say(splitMessage(choice.delta, reader), answer);
        const pieces = choice.delta.tool_calls ?? [];
        if (pieces.length > 0) answer.delta({ tool_calls: calls.amend(pieces) });
      }
      const reason = choice?.finish_reason;
      if (reason == null || reason === '') return;
      if (reason === networkError) {
        return answer.fail({ kind: 'server', message: 'The model failed while it answered.' });
      }
      say(reader.end(), answer);
      answer.finish(toFinishReason(reason));
    },
  });
}
