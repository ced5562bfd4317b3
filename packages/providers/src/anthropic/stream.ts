import type { ChatBody, UpstreamEvent } from '@sluice/protocol';
import type { CallPlan, StreamTranslator } from '../adapter.ts';
import { type AnswerDraft, createStreamTranslator } from '../answer/stream-translator.ts';
import { parseText } from '../parse-text.ts';
import { parsePlainText } from '../plain-text.ts';
import { laterUsage, toFinishReason, unexplainedRefusal, usageOf } from './answer.ts';
import { createBlocks, unreadable, type WireDelta } from './blocks.ts';
import { toInnerFailure } from './failure.ts';
import { cutSpace } from './messages.ts';
import { wireEventSchema, type WireUsage } from './wire.ts';

export function translateStream(body: ChatBody, plan: CallPlan): StreamTranslator {
  const blocks = createBlocks({ space: cutSpace(body.messages ?? []), requestId: plan.requestId });
  let usage: WireUsage = {};

  function onUsage(now: WireUsage | null | undefined, answer: AnswerDraft): void {
    if (now == null) return;
    usage = laterUsage(usage, now);
    answer.usage(usageOf(usage));
  }

  function onStop({ stop_reason: reason, stop_details: details }: WireDelta, answer: AnswerDraft): void {
    if (reason == null || answer.isFinished()) return;
    const calls = blocks.endAll(answer);
    if (reason === 'refusal') answer.delta({ refusal: details?.explanation ?? unexplainedRefusal });
    answer.finish(toFinishReason(reason, calls));
  }

  function onEvent({ data }: UpstreamEvent, answer: AnswerDraft): void {
    // Anthropic has no such end mark; servers that imitate it do.
    if (data.trim() === '[DONE]') return answer.complete();
    // The input of a call is the only JSON that is passed on as such; it is in the block's first event.
    const event = (data.includes('"tool_use"') ? parseText : parsePlainText)(wireEventSchema, data);
    if (event === undefined) return answer.fail(unreadable);
    const { type, message, index, content_block: start, delta } = event;
    switch (type) {
      case 'message_start':
        answer.identify({
          ...(message?.id == null ? {} : { id: message.id }),
          ...(message?.model == null ? {} : { model: message.model }),
        });
        return onUsage(message?.usage, answer);
      case 'content_block_start':
        if (start != null) blocks.begin(index ?? 0, start, answer);
        return;
      case 'content_block_delta':
        if (delta != null) blocks.add(index ?? 0, delta, answer);
        return;
      case 'content_block_stop':
        return blocks.end(index ?? 0, answer);
      case 'message_delta':
        onUsage(event.usage, answer);
        if (delta != null) onStop(delta, answer);
        return;
      case 'message_stop':
        return answer.complete();
      case 'error':
        return answer.fail(toInnerFailure(event.error ?? {}));
      default:
        // `ping` and future events: the reference asks clients to ignore unknown events.
        return;
    }
  }

  return createStreamTranslator(body, plan, { onEvent });
}
