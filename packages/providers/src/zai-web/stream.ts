import { type ChatBody, isFilled } from '@sluice/protocol';
import type { CallPlan, StreamTranslator } from '../adapter.ts';
import type { Delta } from '../answer/chunk-writer.ts';
import { type AnswerDraft, createStreamTranslator } from '../answer/stream-translator.ts';
import { parsePlainText } from '../plain-text.ts';
import { toInnerFailure } from './failure.ts';
import type { Scanned } from './markup-scanner.ts';
import { createReplyText } from './reply-text.ts';
import { toolPhases } from './web-text.ts';
import { errorIn, usageIn, type WebUpdate, webEventSchema } from './wire.ts';

/**
 * Translates the page's events. Usage precedes the last text, so only `done` or an end mark ends the answer; the finish
 * reason is unknown. Errors have status 200.
 */
export function translateStream(body: ChatBody, plan: CallPlan): StreamTranslator {
  const text = createReplyText({ keepsMarkup: plan.keepsThinkingMarkup });

  function say({ reasoning, content }: Scanned, answer: AnswerDraft): void {
    if (reasoning !== '') answer.delta({ reasoning_content: reasoning });
    if (content !== '') answer.delta({ content });
  }

  function finish(answer: AnswerDraft): void {
    if (answer.isFinished()) return;
    say(text.end(), answer);
    answer.finish('stop');
  }

  return createStreamTranslator(body, plan, {
    onEvent({ data }, answer) {
      const event = data.trim() === '[DONE]' ? ({ data: '[DONE]' } as const) : parsePlainText(webEventSchema, data);
      if (event === undefined) {
        return answer.fail({ kind: 'malformed', message: "The provider sent an event that can't be read." });
      }
      const error = errorIn(event);
      if (error !== undefined) return answer.fail(toInnerFailure(error));
      const usage = usageIn(event);
      if (usage !== undefined) answer.usage(usage);
      const { data: update } = event;
      if (update == null) return;
      if (update === '[DONE]') {
        finish(answer);
        return answer.complete();
      }
      answer.arrived(partIn(update));
      say(text.apply(update), answer);
      if (update.done === true || update.phase === 'done') finish(answer);
    },
  });
}

/** Returns the part of the answer that an event brings. An edit repeats what came before: only its end is new. */
function partIn({ phase, delta_content: delta, edit_content: edit }: WebUpdate): Delta {
  if (toolPhases.has(phase ?? '')) return {};
  const text = isFilled(edit) ? edit.slice(-1) : (delta ?? '');
  return phase === 'thinking' ? { reasoning_content: text } : { content: text };
}
