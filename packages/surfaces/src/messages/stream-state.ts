import { type ChatChunk, isFilled, isObject, type JsonObject, textsOf, type Usage } from '@sluice/protocol';
import { toMessageId } from './names.ts';
import { type Proof, toProofs } from './reasoning-blocks.ts';
import { type BlockQueue, emptyQueue, flush, type QueuedBlock } from './stream-blocks.ts';
import type { MessageEvent } from './stream-events.ts';
import { toStop } from './stop.ts';
import { toMessageUsage } from './usage.ts';

/** A message that is being streamed. */
export interface MessageState {
  readonly hasBegun: boolean;
  readonly queue: BlockQueue;
  /** Calls of the chat answer that have a block, by their index there. */
  readonly calls: ReadonlySet<number>;
  readonly finish: string | undefined;
  readonly refusal: string;
  readonly usage: Usage | undefined;
  /** Estimate of the prompt's tokens. */
  readonly estimate: number;
}

export const firstState = (estimate: number): MessageState => ({
  hasBegun: false,
  queue: emptyQueue,
  calls: new Set(),
  finish: undefined,
  refusal: '',
  usage: undefined,
  estimate,
});

export interface Step {
  readonly state: MessageState;
  readonly events: readonly MessageEvent[];
}

/** Takes a chunk of a chat answer. It may end a block, begin another one and carry the first piece of that. */
export function takeChunk(state: MessageState, chunk: ChatChunk): Step {
  const [choice] = chunk.choices;
  const begun = begin(state, chunk);
  const taken: MessageState = {
    ...begun.state,
    usage: chunk.usage ?? state.usage,
    finish: choice?.finish_reason ?? state.finish,
    refusal: state.refusal + (choice?.delta?.refusal ?? ''),
  };
  const added = choice?.delta == null ? taken : addDelta(taken, choice.delta);
  if (added.queue === taken.queue) return { state: added, events: begun.events };
  const { queue, events } = flush(added.queue, false);
  return { state: { ...added, queue }, events: [...begun.events, ...events] };
}

/**
 * Ends the message.
 *
 * @returns undefined if the answer has told no end: then it is a failure, and never a success
 */
export function endMessage(state: MessageState): Step | undefined {
  const { finish, refusal, usage, calls, estimate } = state;
  if (finish === undefined) return undefined;
  const { queue, events } = flush(state.queue, true);
  return {
    state: { ...state, queue },
    events: [
      ...(state.hasBegun ? [] : [messageStart({}, estimate)]),
      ...events,
      {
        type: 'message_delta',
        delta: { ...toStop({ finish, refusal, hasCalls: calls.size > 0 }), container: null },
        usage: toMessageUsage(usage, estimate),
      },
      { type: 'message_stop' },
    ],
  };
}

function begin(state: MessageState, chunk: ChatChunk): Step {
  if (state.hasBegun) return { state, events: [] };
  return { state: { ...state, hasBegun: true }, events: [messageStart(chunk, state.estimate)] };
}

function messageStart({ id, model, usage }: Partial<ChatChunk>, estimate: number): MessageEvent {
  return {
    type: 'message_start',
    message: {
      id: toMessageId(id, 'stream'),
      type: 'message',
      role: 'assistant',
      model: model ?? '',
      content: [],
      stop_reason: null,
      stop_sequence: null,
      stop_details: null,
      usage: toMessageUsage(usage ?? undefined, estimate),
    },
  };
}

type Delta = NonNullable<ChatChunk['choices'][number]['delta']>;

/** Empty texts, empty lists and null add nothing, as if they were absent. */
function addDelta(state: MessageState, delta: Delta): MessageState {
  const { content, reasoning } = textsOf(delta);
  let { blocks } = state.queue;
  if (reasoning !== '') blocks = addThinking(blocks, reasoning);
  const text = content + partsText(delta.content);
  if (text !== '') blocks = addText(blocks, text);
  for (const proof of inOrder(toProofs(delta['reasoning_details']), blocks)) blocks = addProof(blocks, proof);
  const pieces = piecesOf(delta);
  let { calls } = state;
  for (const piece of pieces) {
    const added = addCall(blocks, piece, calls);
    blocks = added.blocks;
    calls = added.calls;
  }
  if (blocks === state.queue.blocks) return state;
  return { ...state, calls, queue: { ...state.queue, blocks } };
}

/** Some providers answer with a list of parts. */
function partsText(content: Delta['content']): string {
  if (!Array.isArray(content)) return '';
  return content.map((part: unknown) => (isObject(part) && isFilled(part['text']) ? part['text'] : '')).join('');
}

type Blocks = readonly QueuedBlock[];

function addThinking(blocks: Blocks, piece: string): Blocks {
  const last = blocks.at(-1);
  if (last?.kind !== 'thinking' || last.signature !== '') {
    return [...blocks, { kind: 'thinking', pending: piece, text: piece, signature: '' }];
  }
  return [...blocks.slice(0, -1), { ...last, pending: last.pending + piece, text: last.text + piece }];
}

function addText(blocks: Blocks, piece: string): Blocks {
  const last = blocks.at(-1);
  if (last?.kind !== 'text') return [...blocks, { kind: 'text', pending: piece }];
  return [...blocks.slice(0, -1), { ...last, pending: last.pending + piece }];
}

/** Puts the proof of the last block first: the block is still open, so it can be signed in its place. */
function inOrder(proofs: readonly Proof[], blocks: Blocks): readonly Proof[] {
  const at = proofs.findLastIndex((proof) => isOf(proof, blocks.at(-1)));
  const own = proofs[at];
  return own === undefined ? proofs : [own, ...proofs.toSpliced(at, 1)];
}

const isOf = (proof: Proof, block: QueuedBlock | undefined): boolean =>
  block?.kind === 'thinking' &&
  block.signature === '' &&
  proof.kind === 'signed' &&
  (proof.text === '' || proof.text === block.text);

function addProof(blocks: Blocks, proof: Proof): Blocks {
  const last = blocks.at(-1);
  if (proof.kind === 'redacted') return [...blocks, whole({ type: 'redacted_thinking', data: proof.data }, '')];
  if (last?.kind === 'thinking' && isOf(proof, last)) {
    return [...blocks.slice(0, -1), { ...last, signature: proof.signature }];
  }
  // The block has ended at the client: see `fromBlocks`.
  return [...blocks, whole({ type: 'thinking', thinking: '', signature: '' }, proof.signature)];
}

const whole = (content: JsonObject, signature: string): QueuedBlock => ({ kind: 'whole', content, signature });

interface CallPiece {
  readonly call: number;
  readonly id: string;
  readonly name: string;
  readonly text: string;
  readonly extra: JsonObject | undefined;
}

/** Returns the pieces of calls, those of OpenAI's deprecated form included. */
function piecesOf({ tool_calls: calls, function_call: older }: Delta): readonly CallPiece[] {
  const given = calls == null || calls.length === 0 ? (older == null ? [] : [{ function: older }]) : calls;
  return given.map((call: NonNullable<Delta['tool_calls']>[number], at) => {
    const { extra_content: extra }: JsonObject = call;
    return {
      call: call.index ?? at,
      id: call.id ?? '',
      name: call.function?.name ?? '',
      text: call.function?.arguments ?? '',
      extra: isObject(extra) ? extra : undefined,
    };
  });
}

function addCall(
  blocks: Blocks,
  piece: CallPiece,
  calls: ReadonlySet<number>,
): { readonly blocks: Blocks; readonly calls: ReadonlySet<number> } {
  const at = blocks.findLastIndex((block) => block.kind === 'call' && block.call === piece.call);
  const found = blocks[at];
  // Some servers give all calls the same index.
  const isOther = piece.id !== '' && piece.name !== '' && !(found?.kind === 'call' && found.id === piece.id);
  if (found?.kind === 'call' && !isOther) {
    const { text, name, extra } = piece;
    const grown: QueuedBlock = {
      ...found,
      name: found.name === '' ? name : found.name,
      extra: found.extra ?? extra,
      pending: found.pending + text,
      text: found.text + text,
    };
    return { blocks: blocks.with(at, grown), calls };
  }
  // White space after the arguments of a call that has ended.
  if (calls.has(piece.call) && !isOther) return { blocks, calls };
  const { call, id, name, text, extra } = piece;
  const begun: QueuedBlock = {
    kind: 'call',
    call,
    id: id === '' ? `call_${call}` : id,
    name,
    extra,
    pending: text,
    text,
    incompleteAt: -1,
  };
  return { blocks: [...blocks, begun], calls: new Set([...calls, call]) };
}
