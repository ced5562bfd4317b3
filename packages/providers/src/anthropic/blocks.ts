import { type UpstreamFailure, writeLossless } from '@sluice/protocol';
import type { z } from 'zod';
import { callNames } from '../answer/call-names.ts';
import { createDistinctIds } from '../answer/distinct-ids.ts';
import type { AnswerDraft } from '../answer/stream-translator.ts';
import { createOverlapCutter } from './overlap.ts';
import { createProofs } from './proofs.ts';
import type { WireBlock, wireEventSchema } from './wire.ts';

export type WireDelta = NonNullable<z.output<typeof wireEventSchema>['delta']>;

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

/** The blocks of one streamed answer, by their index; their content is written to the answer as it arrives. */
export interface Blocks {
  begin(index: number, start: WireBlock, answer: AnswerDraft): void;
  /** Adds a delta. Some servers do not announce a block of text. */
  add(index: number, delta: WireDelta, answer: AnswerDraft): void;
  end(index: number, answer: AnswerDraft): void;
  /** Ends all blocks; no other follows. Returns the number of tool calls among them. */
  endAll(answer: AnswerDraft): number;
}

export interface BlocksNeeds {
  /** White space with which the text may begin although the client has it: see `cutSpace`. */
  readonly space: string;
  readonly requestId: string;
}

export const unreadable: UpstreamFailure = {
  kind: 'malformed',
  message: "The provider sent an event that can't be read.",
};

export function createBlocks({ space, requestId }: BlocksNeeds): Blocks {
  const open = new Map<number, OpenBlock>();
  /** Indices of blocks without a counterpart in OpenAI's protocol, such as the provider's own searches. */
  const passedOver = new Set<number>();
  const cutter = createOverlapCutter(space);
  const proofs = createProofs();
  const distinct = createDistinctIds();
  const nameOf = callNames(requestId, 0);
  let calls = 0;

  function say(text: string | null | undefined, answer: AnswerDraft): void {
    const content = cutter.cut(text ?? '');
    if (content !== '') answer.delta({ content });
  }

  function begin(index: number, start: WireBlock, answer: AnswerDraft): void {
    const { type, text, thinking, signature, data } = start;
    if (type === 'text') {
      open.set(index, { kind: 'text' });
      say(text, answer);
    } else if (type === 'thinking') {
      const block: OpenReasoning = { kind: 'thinking', text: '', signature: signature ?? '' };
      open.set(index, block);
      think(block, thinking, answer);
    } else if (type === 'redacted_thinking') open.set(index, { kind: 'redacted', data: data ?? '' });
    else if (type === 'tool_use') beginCall(index, start, answer);
    else passedOver.add(index);
  }

  function beginCall(index: number, { id, name, input }: WireBlock, answer: AnswerDraft): void {
    proofs.send(answer);
    const call = calls++;
    open.set(index, { kind: 'call', call, input, hasArguments: false });
    const called = { name: name ?? '', arguments: '' };
    const callId = distinct.take(id || nameOf(call));
    answer.delta({ tool_calls: [{ index: call, id: callId, type: 'function', function: called }] });
  }

  function add(index: number, delta: WireDelta, answer: AnswerDraft): void {
    const block = open.get(index);
    if (block === undefined && !passedOver.has(index)) return addStray(index, delta, answer);
    if (block?.kind === 'text') say(delta.text, answer);
    if (block?.kind === 'thinking') {
      think(block, delta.thinking, answer);
      block.signature += delta.signature ?? '';
    }
    if (block?.kind !== 'call' || delta.partial_json == null || delta.partial_json === '') return;
    block.hasArguments = true;
    answer.delta({ tool_calls: [{ index: block.call, function: { arguments: delta.partial_json } }] });
  }

  function addStray(index: number, delta: WireDelta, answer: AnswerDraft): void {
    const type = delta.text ? 'text' : delta.thinking ? 'thinking' : undefined;
    if (type === undefined && delta.partial_json) return answer.fail(unreadable);
    if (type === undefined) return;
    begin(index, { type, signature: undefined, text: undefined, thinking: undefined }, answer);
    add(index, delta, answer);
  }

  function end(index: number, answer: AnswerDraft): void {
    const block = open.get(index);
    open.delete(index);
    if (block?.kind === 'thinking') proofs.addSigned(index, block);
    if (block?.kind === 'redacted') proofs.addEncrypted(index, block.data);
    // Anthropic sends no JSON for a call without arguments; in OpenAI's protocol it is never empty.
    if (block?.kind !== 'call' || block.hasArguments) return;
    const text = writeLossless(block.input ?? {});
    answer.delta({ tool_calls: [{ index: block.call, function: { arguments: text } }] });
  }

  function endAll(answer: AnswerDraft): number {
    for (const index of open.keys()) end(index, answer);
    proofs.send(answer);
    return calls;
  }

  return { begin, add, end, endAll };
}

function think(block: OpenReasoning, text: string | null | undefined, answer: AnswerDraft): void {
  if (text == null || text === '') return;
  block.text += text;
  answer.delta({ reasoning_content: text });
}
