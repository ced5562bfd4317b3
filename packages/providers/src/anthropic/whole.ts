import { type ChatBody, unmarkText, writeLossless } from '@sluice/protocol';
import type { CallPlan, WholeTranslation } from '../adapter.ts';
import { callNames } from '../answer/call-names.ts';
import { type CompletionMessage, type ToolCall, writeCompletion } from '../answer/completion.ts';
import { createDistinctIds } from '../answer/distinct-ids.ts';
import { parseText } from '../parse-text.ts';
import { toFinishReason, unexplainedRefusal, usageOf } from './answer.ts';
import { toInnerFailure } from './failure.ts';
import { cutSpace } from './messages.ts';
import { createOverlapCutter } from './overlap.ts';
import { encryptedReasoning, type ReasoningDetail, signedReasoning } from './reasoning-details.ts';
import { type WireBlock, wireMessageSchema } from './wire.ts';

export function translateWhole(text: string, body: ChatBody, plan: CallPlan): WholeTranslation {
  const message = parseText(wireMessageSchema, text);
  if (message?.error) return { kind: 'failed', failure: toInnerFailure(message.error) };
  if (!message?.content || message.stop_reason == null) {
    return { kind: 'failed', failure: { kind: 'malformed', message: "The provider's answer contains no message." } };
  }
  const { id, model, content, stop_reason: reason, stop_details: details, usage } = message;
  const isRefusal = reason === 'refusal';
  const said = readBlocks(content, cutSpace(body.messages ?? []), plan.requestId);
  return writeCompletion({
    id: id ?? `chatcmpl-${plan.requestId}`,
    created: Math.floor(plan.startedAtMs / 1000),
    model: model ?? plan.model,
    message: isRefusal ? { ...said, refusal: details?.explanation ?? unexplainedRefusal } : said,
    finishReason: toFinishReason(reason, said.tool_calls?.length ?? 0),
    usage: usage == null ? undefined : usageOf(usage),
  });
}

function readBlocks(blocks: readonly WireBlock[], space: string, requestId: string): CompletionMessage {
  const cutter = createOverlapCutter(space);
  const texts: string[] = [];
  const thoughts: string[] = [];
  const details: ReasoningDetail[] = [];
  const calls: ToolCall[] = [];
  const distinct = createDistinctIds();
  const nameOf = callNames(requestId, 0);
  blocks.forEach((block, index) => {
    const { type, text, thinking, signature, data, id, name, input } = block;
    if (type === 'text') texts.push(cutter.cut(unmarkText(text ?? '')));
    if (type === 'thinking') {
      const thought = unmarkText(thinking ?? '');
      thoughts.push(thought);
      if (signature != null && signature !== '') details.push(signedReasoning({ index, text: thought, signature }));
    }
    if (type === 'redacted_thinking' && data != null) details.push(encryptedReasoning(index, data));
    if (type === 'tool_use') {
      const called = { name: name ?? '', arguments: writeLossless(input ?? {}) };
      calls.push({ id: distinct.take(id || nameOf(calls.length)), type: 'function', function: called });
    }
  });
  const reasoning = thoughts.join('');
  return {
    content: texts.length === 0 ? null : texts.join(''),
    ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
    ...(details.length === 0 ? {} : { reasoning_details: details }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
}
