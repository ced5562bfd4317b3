import type { CallPlan, ChatBody, WholeTranslation } from '../adapter.ts';
import { type CompletionMessage, type ToolCall, writeCompletion } from '../answer/completion.ts';
import { parseText } from '../parse-text.ts';
import { blockOf, candidateOf, endingOf, identityOf, type Piece, toPiece, usageOf } from './answer.ts';
import { toInnerFailure } from './failure.ts';
import { responseSchema, type WirePart } from './wire.ts';

export function translateWhole(text: string, _body: ChatBody, plan: CallPlan): WholeTranslation {
  const response = parseText(responseSchema, text);
  if (response === undefined) return malformed('is no response of its protocol');
  if (response.error) return { kind: 'failed', failure: toInnerFailure(response.error) };
  const candidate = candidateOf(response);
  const block = blockOf(response);
  if (candidate === undefined) {
    return block === undefined ? malformed('holds no candidate') : { kind: 'failed', failure: block };
  }
  const pieces = toPieces(candidate.content?.parts ?? [], plan.requestId);
  const message = toMessage(pieces);
  const ending = endingOf(candidate, { hasCalls: message.tool_calls !== undefined });
  if (ending === undefined) {
    const failure = { kind: 'truncated', message: "The provider's answer broke off before its end." } as const;
    return { kind: 'failed', failure };
  }
  if (ending.kind === 'failed') return ending;
  return writeCompletion({
    id: `chatcmpl-${plan.requestId}`,
    created: Math.floor(plan.startedAtMs / 1000),
    model: plan.model,
    ...identityOf(response),
    message,
    finishReason: ending.reason,
    usage: response.usageMetadata ? usageOf(response.usageMetadata) : undefined,
  });
}

function malformed(what: string): WholeTranslation {
  return { kind: 'failed', failure: { kind: 'malformed', message: `The provider's answer ${what}.` } };
}

function toPieces(parts: readonly WirePart[], requestId: string): readonly Piece[] {
  let callsBefore = 0;
  return parts.flatMap((part) => {
    const piece = toPiece(part, { callsBefore, requestId });
    if (piece?.toolCall !== undefined) callsBefore++;
    return piece ?? [];
  });
}

function toMessage(pieces: readonly Piece[]): CompletionMessage {
  const contents = pieces.flatMap(({ content }) => content ?? []);
  const thoughts = pieces.flatMap(({ reasoning_content: thought }) => thought ?? []);
  const images = pieces.flatMap((piece) => piece.images ?? []);
  const calls: readonly ToolCall[] = pieces.flatMap(({ toolCall }) => toolCall ?? []);
  const extra = pieces.findLast(({ extra_content: content }) => content !== undefined)?.extra_content;
  return {
    content: contents.length === 0 && calls.length > 0 ? null : contents.join(''),
    ...(thoughts.length === 0 ? {} : { reasoning_content: thoughts.join('') }),
    ...(images.length === 0 ? {} : { images }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
    ...(extra === undefined ? {} : { extra_content: extra }),
  };
}
