import type { ChatRequest } from '@sluice/protocol';
import type { CallPlan, ChatBody, WholeTranslation } from '../adapter.ts';
import { type CompletionMessage, type ToolCall, writeCompletion } from '../answer/completion.ts';
import { parseText } from '../parse-text.ts';
import { toFinishReason, unexplainedRefusal, usageOf } from './answer.ts';
import { toInnerFailure } from './failure.ts';
import { cutSpace } from './messages.ts';
import { createOverlapCutter } from './overlap.ts';
import { encryptedThought, type ReasoningDetail, signedThought } from './reasoning-details.ts';
import { type WireBlock, wireMessageSchema } from './wire.ts';

export function translateWhole(text: string, body: ChatBody, plan: CallPlan): WholeTranslation {
  const message = parseText(wireMessageSchema, text);
  if (message?.error) return { kind: 'failed', failure: toInnerFailure(message.error) };
  if (!message?.content || message.stop_reason == null) {
    return { kind: 'failed', failure: { kind: 'malformed', message: "The provider's answer holds no message." } };
  }
  const { id, model, content, stop_reason: reason, stop_details: details, usage } = message;
  const isRefusal = reason === 'refusal';
  const said = readBlocks(content, cutSpace((body as ChatRequest).messages ?? []));
  return writeCompletion({
    id: id ?? `chatcmpl-${plan.requestId}`,
    created: Math.floor(plan.startedAtMs / 1000),
    model: model ?? plan.model,
    message: isRefusal ? { ...said, refusal: details?.explanation ?? unexplainedRefusal } : said,
    finishReason: toFinishReason(reason),
    usage: usage == null ? undefined : usageOf(usage),
  });
}

function readBlocks(blocks: readonly WireBlock[], space: string): CompletionMessage {
  const cutter = createOverlapCutter(space);
  const texts: string[] = [];
  const thoughts: string[] = [];
  const details: ReasoningDetail[] = [];
  const calls: ToolCall[] = [];
  blocks.forEach((block, index) => {
    const { type, text, thinking, signature, data, id, name, input } = block;
    if (type === 'text') texts.push(cutter.cut(text ?? ''));
    if (type === 'thinking') {
      thoughts.push(thinking ?? '');
      if (signature != null && signature !== '')
        details.push(signedThought({ index, text: thinking ?? '', signature }));
    }
    if (type === 'redacted_thinking' && data != null) details.push(encryptedThought(index, data));
    if (type === 'tool_use') {
      const called = { name: name ?? '', arguments: JSON.stringify(input ?? {}) };
      calls.push({ id: id ?? `call_${index}`, type: 'function', function: called });
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
