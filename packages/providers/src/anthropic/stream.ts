import { type UpstreamEvent, type UpstreamFailure, writeLossless } from '@sluice/protocol';
import type { z } from 'zod';
import type { CallPlan, ChatBody, StreamTranslator } from '../adapter.ts';
import { callNames } from '../answer/call-names.ts';
import { createDistinctIds } from '../answer/distinct-ids.ts';
import { type AnswerDraft, createStreamTranslator } from '../answer/stream-translator.ts';
import { parseText } from '../parse-text.ts';
import { parsePlainText } from '../plain-text.ts';
import { laterUsage, toFinishReason, unexplainedRefusal, usageOf } from './answer.ts';
import { toInnerFailure } from './failure.ts';
import { cutSpace } from './messages.ts';
import { createOverlapCutter } from './overlap.ts';
import { encryptedReasoning, type ReasoningDetail, signedReasoning } from './reasoning-details.ts';
import { type WireBlock, wireEventSchema, type WireUsage } from './wire.ts';

type WireEvent = z.output<typeof wireEventSchema>;
type WireDelta = NonNullable<WireEvent['delta']>;

interface OpenReasoning {
  readonly kind: 'thinking';
  text: string;
  signature: string;
}

/** A block that has not ended. */
type OpenBlock =
  | { readonly kind: 'text' }
  | OpenReasoning
  | { readonly kind: 'redacted'; readonly data: string }
  | { readonly kind: 'call'; readonly call: number; readonly input: unknown; hasArguments: boolean };

export function translateStream(body: ChatBody, plan: CallPlan): StreamTranslator {
  const blocks = new Map<number, OpenBlock>();
  /** Indices of blocks without a counterpart in OpenAI's protocol, such as the provider's own searches. */
  const passedOver = new Set<number>();
  const cutter = createOverlapCutter(cutSpace(body.messages ?? []));
  /** Signed reasoning of ended blocks, not yet sent to the client; the client must send it back with the answer. */
  let proofs: ReasoningDetail[] = [];
  const distinct = createDistinctIds();
  const nameOf = callNames(plan.requestId, 0);
  let usage: WireUsage = {};
  let calls = 0;

  function onUsage(now: WireUsage | null | undefined, answer: AnswerDraft): void {
    if (now == null) return;
    usage = laterUsage(usage, now);
    answer.usage(usageOf(usage));
  }

  function say(text: string | null | undefined, answer: AnswerDraft): void {
    const content = cutter.cut(text ?? '');
    if (content !== '') answer.delta({ content });
  }

  function think(block: OpenReasoning, text: string | null | undefined, answer: AnswerDraft): void {
    if (text == null || text === '') return;
    block.text += text;
    answer.delta({ reasoning_content: text });
  }

  /**
   * Sends the signed reasoning, which is needed only if tools were called. It is sent late: until the first tool call,
   * or the end of an answer without tools, a stream that breaks off is plain text that another attempt can resume.
   */
  function prove(answer: AnswerDraft): void {
    if (proofs.length > 0) answer.delta({ reasoning_details: proofs });
    proofs = [];
  }

  function onBlock(index: number, start: WireBlock, answer: AnswerDraft): void {
    const { type, text, thinking, signature, data, id, name, input } = start;
    if (type === 'text') {
      blocks.set(index, { kind: 'text' });
      say(text, answer);
    } else if (type === 'thinking') {
      const block: OpenReasoning = { kind: 'thinking', text: '', signature: signature ?? '' };
      blocks.set(index, block);
      think(block, thinking, answer);
    } else if (type === 'redacted_thinking') {
      blocks.set(index, { kind: 'redacted', data: data ?? '' });
    } else if (type !== 'tool_use') {
      passedOver.add(index);
    } else {
      prove(answer);
      const call = calls++;
      blocks.set(index, { kind: 'call', call, input, hasArguments: false });
      const called = { name: name ?? '', arguments: '' };
      const callId = distinct.take(id || nameOf(call));
      answer.delta({ tool_calls: [{ index: call, id: callId, type: 'function', function: called }] });
    }
  }

  /** Handles a delta. Some servers do not announce a block of text. */
  function onDelta(index: number, delta: WireDelta, answer: AnswerDraft): void {
    const block = blocks.get(index);
    if (block === undefined && !passedOver.has(index)) return onStrayDelta(index, delta, answer);
    if (block?.kind === 'text') say(delta.text, answer);
    if (block?.kind === 'thinking') {
      think(block, delta.thinking, answer);
      block.signature += delta.signature ?? '';
    }
    if (block?.kind !== 'call' || delta.partial_json == null || delta.partial_json === '') return;
    block.hasArguments = true;
    answer.delta({ tool_calls: [{ index: block.call, function: { arguments: delta.partial_json } }] });
  }

  function onStrayDelta(index: number, delta: WireDelta, answer: AnswerDraft): void {
    const type = delta.text ? 'text' : delta.thinking ? 'thinking' : undefined;
    if (type === undefined && delta.partial_json) return answer.fail(unreadable);
    if (type === undefined) return;
    onBlock(index, { type, signature: undefined, text: undefined, thinking: undefined }, answer);
    onDelta(index, delta, answer);
  }

  function onBlockEnd(index: number, answer: AnswerDraft): void {
    const block = blocks.get(index);
    blocks.delete(index);
    if (block?.kind === 'thinking' && block.signature !== '') {
      const { text, signature } = block;
      proofs.push(signedReasoning({ index, text, signature }));
    }
    if (block?.kind === 'redacted') proofs.push(encryptedReasoning(index, block.data));
    // Anthropic sends no JSON for a call without arguments; in OpenAI's protocol it is never empty.
    if (block?.kind !== 'call' || block.hasArguments) return;
    const text = writeLossless(block.input ?? {});
    answer.delta({ tool_calls: [{ index: block.call, function: { arguments: text } }] });
  }

  function onStop({ stop_reason: reason, stop_details: details }: WireDelta, answer: AnswerDraft): void {
    if (reason == null || answer.isFinished()) return;
    for (const index of blocks.keys()) onBlockEnd(index, answer);
    prove(answer);
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
        if (start != null) onBlock(index ?? 0, start, answer);
        return;
      case 'content_block_delta':
        if (delta != null) onDelta(index ?? 0, delta, answer);
        return;
      case 'content_block_stop':
        return onBlockEnd(index ?? 0, answer);
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

const unreadable: UpstreamFailure = { kind: 'malformed', message: "The provider sent an event that can't be read." };
