import type { EventStream } from '../server/provider.ts';
import { type Answer, type Piece, usageOf } from './answer.ts';
import { overloadedBody } from './errors.ts';
import { signatureOf } from './signature.ts';

const event = (type: string, fields: object = {}): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
const start = (index: number, block: object): string => event('content_block_start', { index, content_block: block });
const delta = (index: number, fields: object): string => event('content_block_delta', { index, delta: fields });
const stop = (index: number): string => event('content_block_stop', { index });

/** Writes an answer as Anthropic's events. */
export function toEventStream(answer: Answer): EventStream {
  const { id, request, thoughts, pieces, stopReason } = answer;
  const before = thoughts.length === 0 ? 0 : 1;
  const blocks = blockNumbers(pieces, before);
  const last = blocks.at(-1);
  const message = {
    id,
    type: 'message',
    role: 'assistant',
    model: request.model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    // Counts only grow: an answer without tokens begins with 0.
    usage: { ...usageOf(answer, 0), output_tokens: Math.min(1, thoughts.length + pieces.length) },
  };

  function contentStep(seq: number): string {
    const piece = pieces[seq];
    const index = blocks[seq] ?? before;
    if (piece === undefined) return '';
    const isNew = index !== blocks[seq - 1];
    const previous = isNew && seq > 0 ? stop(index - 1) : '';
    if (piece.kind === 'call') {
      return previous + start(index, { type: 'tool_use', id: piece.id, name: piece.name, input: {} });
    }
    if (piece.kind === 'arguments') return delta(index, { type: 'input_json_delta', partial_json: piece.json });
    const opening = isNew ? start(index, { type: 'text', text: '' }) : '';
    return opening + delta(index, { type: 'text_delta', text: piece.text });
  }

  function reasoningStep(seq: number): string {
    const opening = seq === 0 ? start(0, { type: 'thinking', thinking: '', signature: '' }) : '';
    const text = delta(0, { type: 'thinking_delta', thinking: thoughts[seq] });
    if (seq < thoughts.length - 1) return opening + text;
    return opening + text + delta(0, { type: 'signature_delta', signature: signatureOf(thoughts.join('')) }) + stop(0);
  }

  return {
    kind: 'stream',
    opening: event('message_start', { message }) + event('ping'),
    steps: thoughts.length + pieces.length,
    leadSteps: thoughts.length,
    tokensPerStep: 1,
    step: (index) => (index < thoughts.length ? reasoningStep(index) : contentStep(index - thoughts.length)),
    closing:
      (last === undefined ? '' : stop(last)) +
      event('message_delta', {
        delta: { stop_reason: stopReason, stop_sequence: null },
        usage: usageOf(answer, pieces.length),
      }),
    terminator: event('message_stop'),
    failure: `event: error\ndata: ${overloadedBody}\n\n`,
    broken: `event: content_block_delta\ndata: {"type":"content_block_delta","index":${before},"delta":{"text":"bro\n\n`,
    carrying: (text) => delta(before, { type: 'text_delta', text }),
  };
}

/** Returns the block number of each piece; each call has its own block. */
function blockNumbers(pieces: readonly Piece[], before: number): readonly number[] {
  let index = before - 1;
  return pieces.map(({ kind }, seq) => {
    if (seq === 0 || kind === 'call') index += 1;
    return index;
  });
}
