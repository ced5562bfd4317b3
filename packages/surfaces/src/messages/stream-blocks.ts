import type { JsonObject } from '@sluice/protocol';
import type { MessageEvent } from './stream-events.ts';

/*
 * The blocks of a streamed message. Anthropic's blocks do not interleave, but pieces of a chat answer may: the first block of
 * the queue is open at the client, and the pieces of later ones wait until it ends.
 */

/** A block that has not ended at the client. */
export type QueuedBlock =
  | { readonly kind: 'text'; readonly pending: string }
  | { readonly kind: 'thinking'; readonly pending: string; readonly text: string; readonly signature: string }
  | {
      readonly kind: 'call';
      /** Index of the call in the chat answer. */
      readonly call: number;
      readonly id: string;
      readonly name: string;
      readonly extra: JsonObject | undefined;
      readonly pending: string;
      /** All arguments so far. */
      readonly text: string;
      /** Number of characters of the arguments when they were last found to be incomplete. */
      readonly incompleteAt: number;
    }
  /** A block that is sent at once: encrypted reasoning, or the late signature of an earlier block. */
  | { readonly kind: 'whole'; readonly content: JsonObject; readonly signature: string };

export interface BlockQueue {
  /** In the order of the answer. */
  readonly blocks: readonly QueuedBlock[];
  /** The first block has begun at the client. */
  readonly isOpen: boolean;
  /** Index of the first block in the message. */
  readonly index: number;
}

export const emptyQueue: BlockQueue = { blocks: [], isOpen: false, index: 0 };

export interface Flushed {
  readonly queue: BlockQueue;
  readonly events: readonly MessageEvent[];
}

/** Sends everything that may be sent now. `isOver`: no further piece follows, so all blocks end. */
export function flush(queue: BlockQueue, isOver: boolean): Flushed {
  const events: MessageEvent[] = [];
  let { blocks, isOpen, index } = queue;
  for (let [first] = blocks; first !== undefined; [first] = blocks) {
    const isLast = blocks.length === 1;
    if (!isOpen && !canBegin(first) && !isOver) break;
    if (!isOpen) events.push({ type: 'content_block_start', index, content_block: startOf(first) });
    isOpen = true;
    events.push(...pendingOf(first, index));
    const sent = withoutPending(first);
    blocks = [sent, ...blocks.slice(1)];
    if (!isOver && first.kind !== 'whole' && isLast) break;
    if (!isOver && !canEnd(first)) {
      blocks = [markIncomplete(sent), ...blocks.slice(1)];
      break;
    }
    if ('signature' in first && first.signature !== '') {
      events.push(delta(index, { type: 'signature_delta', signature: first.signature }));
    }
    events.push({ type: 'content_block_stop', index });
    blocks = blocks.slice(1);
    isOpen = false;
    index++;
  }
  return { queue: { blocks, isOpen, index }, events };
}

/** A call begins when its name is known. */
const canBegin = (block: QueuedBlock): boolean => block.kind !== 'call' || block.name !== '';

/** Arguments that are a whole object can't grow any more. */
function canEnd(block: QueuedBlock): boolean {
  if (block.kind !== 'call') return true;
  if (block.incompleteAt === block.text.length || !block.text.trimEnd().endsWith('}')) return false;
  try {
    JSON.parse(block.text);
    return true;
  } catch {
    return false;
  }
}

/** Arguments are parsed once for each piece, however many pieces of other calls arrive. */
const markIncomplete = (block: QueuedBlock): QueuedBlock =>
  block.kind === 'call' ? { ...block, incompleteAt: block.text.length } : block;

function startOf(block: QueuedBlock): JsonObject {
  switch (block.kind) {
    case 'text':
      return { type: 'text', text: '', citations: null };
    case 'thinking':
      return { type: 'thinking', thinking: '', signature: '' };
    case 'call': {
      const { id, name, extra } = block;
      return { type: 'tool_use', id, name, input: {}, ...(extra === undefined ? {} : { extra_content: extra }) };
    }
    case 'whole':
      return block.content;
  }
}

function pendingOf(block: QueuedBlock, index: number): readonly MessageEvent[] {
  if (block.kind === 'whole' || block.pending === '') return [];
  return [delta(index, deltaOf(block.kind, block.pending))];
}

function deltaOf(kind: 'text' | 'thinking' | 'call', piece: string): JsonObject {
  if (kind === 'text') return { type: 'text_delta', text: piece };
  return kind === 'thinking'
    ? { type: 'thinking_delta', thinking: piece }
    : { type: 'input_json_delta', partial_json: piece };
}

const withoutPending = (block: QueuedBlock): QueuedBlock =>
  block.kind === 'whole' || block.pending === '' ? block : { ...block, pending: '' };

const delta = (index: number, fields: JsonObject): MessageEvent => ({
  type: 'content_block_delta',
  index,
  delta: fields,
});
