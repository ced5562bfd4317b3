import type { JsonObject } from '@sluice/protocol';
import { carryReasoning, type CarriedReasoning } from '../reasoning-carrier.ts';
import { type BridgedTool, customInput } from '../tools.ts';
import type { EventWriter, Obfuscate } from './event-writer.ts';

export type ItemStatus = 'completed' | 'incomplete';

/** An item of the output that is being generated. */
export interface OpenItem {
  /** Ends the item with its last events, and returns it. */
  close(status: ItemStatus): JsonObject;
}

export interface ItemNeeds {
  readonly writer: EventWriter;
  readonly id: string;
  /** Place of the item in the output. */
  readonly index: number;
  readonly obfuscate: Obfuscate | undefined;
}

const hidden = (obfuscate: Obfuscate | undefined, text: string): JsonObject =>
  obfuscate === undefined ? {} : { obfuscation: obfuscate(text) };

export interface MessageItem extends OpenItem {
  readonly kind: 'message';
  add(kind: 'output_text' | 'refusal', text: string, logprobs: readonly unknown[]): void;
}

/** A message: parts of text and of refusal, one after the other. */
export function openMessage({ writer, id, index, obfuscate }: ItemNeeds): MessageItem {
  const content: JsonObject[] = [];
  let part: { readonly kind: 'output_text' | 'refusal'; text: string; readonly logprobs: unknown[] } | undefined;
  const place = (): JsonObject => ({ item_id: id, output_index: index, content_index: content.length });
  const message = (status: string): JsonObject => ({
    id,
    type: 'message',
    status,
    role: 'assistant',
    content: [...content],
  });
  const partOf = (kind: string, text: string, logprobs: readonly unknown[]): JsonObject =>
    kind === 'refusal' ? { type: kind, refusal: text } : { type: kind, text, annotations: [], logprobs };
  writer.event('response.output_item.added', { output_index: index, item: message('in_progress') });

  function endPart(): void {
    if (part === undefined) return;
    const { kind, text, logprobs } = part;
    if (kind === 'refusal') writer.event('response.refusal.done', { ...place(), refusal: text });
    else writer.event('response.output_text.done', { ...place(), text, logprobs });
    writer.event('response.content_part.done', { ...place(), part: partOf(kind, text, logprobs) });
    content.push(partOf(kind, text, logprobs));
    part = undefined;
  }

  return {
    kind: 'message',
    add(kind, text, logprobs) {
      if (part?.kind !== kind) {
        endPart();
        part = { kind, text: '', logprobs: [] };
        writer.event('response.content_part.added', { ...place(), part: partOf(kind, '', []) });
      }
      part.text += text;
      part.logprobs.push(...logprobs);
      const more = hidden(obfuscate, text);
      if (kind === 'refusal') writer.event('response.refusal.delta', { ...place(), delta: text, ...more });
      else writer.event('response.output_text.delta', { ...place(), delta: text, logprobs, ...more });
    },
    close(status) {
      endPart();
      writer.event('response.output_item.done', { output_index: index, item: message(status) });
      return message(status);
    },
  };
}

export interface ReasoningItem extends OpenItem {
  readonly kind: 'reasoning';
  add(text: string): void;
}

/** Reasoning, told as a summary: clients show summaries, and few show the raw text. */
export function openReasoning({ writer, id, index, obfuscate }: ItemNeeds): ReasoningItem {
  const place = { item_id: id, output_index: index, summary_index: 0 };
  const part = (text: string): JsonObject => ({ type: 'summary_text', text });
  let text = '';
  writer.event('response.output_item.added', { output_index: index, item: { id, type: 'reasoning', summary: [] } });
  writer.event('response.reasoning_summary_part.added', { ...place, part: part('') });
  return {
    kind: 'reasoning',
    add(piece) {
      text += piece;
      writer.event('response.reasoning_summary_text.delta', { ...place, delta: piece, ...hidden(obfuscate, piece) });
    },
    close() {
      const carried = carryReasoning({ text, details: [], calls: {} });
      const item = { id, type: 'reasoning', summary: [part(text)], encrypted_content: carried };
      writer.event('response.reasoning_summary_text.done', { ...place, text });
      writer.event('response.reasoning_summary_part.done', { ...place, part: part(text) });
      writer.event('response.output_item.done', { output_index: index, item });
      return item;
    },
  };
}

/** Writes an item that only carries what a provider requires back with the calls that follow. */
export function writeCarrier({ writer, id, index }: ItemNeeds, carried: CarriedReasoning): JsonObject {
  const item = { id, type: 'reasoning', summary: [], encrypted_content: carryReasoning(carried) };
  writer.event('response.output_item.added', { output_index: index, item: { id, type: 'reasoning', summary: [] } });
  writer.event('response.output_item.done', { output_index: index, item });
  return item;
}

export interface CallItem extends OpenItem {
  readonly kind: 'call';
  add(piece: string): void;
  /** The arguments so far are whole JSON. */
  isWhole(): boolean;
}

export interface CalledTool {
  readonly callId: string;
  readonly tool: BridgedTool;
}

/** A call of a function, or of a custom tool: its text is known when its arguments are whole. */
export function openCall({ writer, id, index, obfuscate }: ItemNeeds, { callId, tool }: CalledTool): CallItem {
  const { kind, name, namespace } = tool;
  const named = { call_id: callId, name, ...(namespace === undefined ? {} : { namespace }) };
  const place = { item_id: id, output_index: index };
  let text = '';
  const search = (): JsonObject => ({
    id,
    type: 'tool_search_call',
    execution: 'client',
    call_id: callId,
    arguments: parse(text) ?? {},
  });
  const item = (status: string): JsonObject =>
    kind === 'search'
      ? { ...search(), status }
      : kind === 'function'
        ? { id, type: 'function_call', status, arguments: status === 'in_progress' ? '' : text, ...named }
        : { id, type: 'custom_tool_call', status, input: status === 'in_progress' ? '' : inputOf(text), ...named };
  writer.event('response.output_item.added', { output_index: index, item: item('in_progress') });
  return {
    kind: 'call',
    add(piece) {
      text += piece;
      if (kind !== 'function' || piece === '') return;
      writer.event('response.function_call_arguments.delta', { ...place, delta: piece, ...hidden(obfuscate, piece) });
    },
    isWhole: () => parse(text) !== undefined,
    close(status) {
      if (kind === 'function') {
        writer.event('response.function_call_arguments.done', { ...place, name, arguments: text });
      } else if (kind === 'custom') {
        const input = inputOf(text);
        if (input !== '') {
          writer.event('response.custom_tool_call_input.delta', {
            ...place,
            delta: input,
            ...hidden(obfuscate, input),
          });
        }
        writer.event('response.custom_tool_call_input.done', { ...place, input });
      }
      writer.event('response.output_item.done', { output_index: index, item: item(status) });
      return item(status);
    },
  };
}

/** Returns the text of a custom tool. Models sometimes send it without the object around it. */
function inputOf(text: string): string {
  const value = parse(text);
  if (typeof value === 'string') return value;
  const input: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, customInput) : undefined;
  return typeof input === 'string' ? input : text;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
