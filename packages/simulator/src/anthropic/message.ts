import { spoiltCharacter } from '../server/bytes.ts';
import type { WholeAnswer } from '../server/provider.ts';
import { type Answer, type Piece, usageOf } from './answer.ts';
import { overloadedBody } from './errors.ts';
import { signatureOf } from './signature.ts';

/** Writes an answer as one message. */
export function toMessage(answer: Answer): WholeAnswer {
  const { id, request, behaviour, thoughts, stopReason } = answer;
  const { fault, faultAfterTokens } = behaviour;
  if (fault?.name === 'errev') return { kind: 'whole', body: overloadedBody, tokens: 0, steps: 0, isFree: true };
  const isCut = fault?.name === 'cut';
  const pieces = isCut ? answer.pieces.slice(0, faultAfterTokens) : answer.pieces;
  const thinking = thoughts.join('');
  const body = JSON.stringify({
    id,
    type: 'message',
    role: 'assistant',
    model: request.model,
    content: [
      ...(thinking === '' ? [] : [{ type: 'thinking', thinking, signature: signatureOf(thinking) }]),
      ...blocksOf([...pieces, ...fillerOf(answer)]),
    ],
    stop_reason: isCut ? null : stopReason,
    stop_sequence: null,
    usage: usageOf(answer, pieces.length),
  });
  const steps = thoughts.length + pieces.length;
  return { kind: 'whole', body, tokens: steps, billed: { output: pieces.length, reasoning: thoughts.length }, steps };
}

/** Returns the pieces that content faults add to the message. */
function fillerOf({ behaviour: { fault } }: Answer): readonly Piece[] {
  if (fault?.name === 'huge') return [{ kind: 'text', text: 'x'.repeat(fault.value * 1024 * 1024) }];
  return fault?.name === 'badutf8' ? [{ kind: 'text', text: spoiltCharacter }] : [];
}

function blocksOf(pieces: readonly Piece[]): readonly object[] {
  const text = pieces.map((piece) => (piece.kind === 'text' ? piece.text : '')).join('');
  const calls = pieces.flatMap((piece, at) => {
    if (piece.kind !== 'call') return [];
    const end = pieces.findIndex(({ kind }, other) => other > at && kind === 'call');
    const own = pieces.slice(at, end < 0 ? undefined : end);
    const json = own.map((each) => (each.kind === 'arguments' ? each.json : '')).join('');
    return [{ type: 'tool_use', id: piece.id, name: piece.name, input: parse(json) }];
  });
  return [...(text === '' ? [] : [{ type: 'text', text }]), ...calls];
}

/** Parses arguments, which `max_tokens` or a fault may truncate. */
function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return {};
  }
}
