import type { ChatBody, UpstreamFailure } from '@sluice/protocol';
import type { CallPlan, WholeTranslation } from '../adapter.ts';
import { type CompletionMessage, type ToolCall, writeCompletion } from '../answer/completion.ts';
import { brokenCall, candidateOf, createPartReader, identityOf, isCallTorn, type Piece, usageOf } from './answer.ts';
import { endingOf, refusalOf } from './ending.ts';
import { toInnerFailure } from './failure.ts';
import { readResponses } from './read-response.ts';
import { toolNamesOf } from './tool-names.ts';
import type { WireResponse } from './wire.ts';

export function translateWhole(text: string, body: ChatBody, plan: CallPlan): WholeTranslation {
  const responses = readResponses(text);
  if (responses === undefined) return malformed('does not follow its protocol');
  const broken = responses.find(({ error }) => error);
  if (broken !== undefined) return failed(toInnerFailure(broken.error));
  const response = joinResponses(responses);
  const candidate = candidateOf(response);
  if (candidate === undefined) {
    const refusal = refusalOf(response);
    return refusal === undefined ? malformed('holds no candidate') : failed(refusal);
  }
  const parts = createPartReader(plan.requestId, toolNamesOf(body));
  const pieces = (candidate.content?.parts ?? []).map(parts.read);
  const ending = endingOf(candidate, { hasCalls: parts.calls > 0 });
  if (ending === undefined) {
    return failed({ kind: 'truncated', message: "The provider's answer broke off before its end." });
  }
  if (ending.kind === 'failed') return ending;
  if (pieces.includes('broken') || isCallTorn(ending.reason, parts)) return failed(brokenCall);
  return writeCompletion({
    id: `chatcmpl-${plan.requestId}`,
    created: Math.floor(plan.startedAtMs / 1000),
    model: plan.model,
    ...identityOf(response),
    message: toMessage(pieces.filter((piece) => piece !== undefined && piece !== 'broken')),
    finishReason: ending.reason,
    usage: response.usageMetadata ? usageOf(response.usageMetadata) : undefined,
  });
}

/** Merges the responses of one answer: all parts, and the last value of everything else. */
function joinResponses(responses: readonly WireResponse[]): WireResponse {
  const [first, ...more] = responses;
  if (first === undefined || more.length === 0) return first ?? {};
  const candidates = responses.flatMap((response) => candidateOf(response) ?? []);
  const last = candidates.at(-1);
  const parts = candidates.flatMap(({ content }) => content?.parts ?? []);
  const finishReason = candidates.findLast((candidate) => candidate.finishReason)?.finishReason;
  return {
    ...first,
    candidates: last === undefined ? undefined : [{ ...last, content: { parts }, finishReason }],
    usageMetadata: responses.findLast(({ usageMetadata }) => usageMetadata)?.usageMetadata,
  };
}

const failed = (failure: UpstreamFailure): WholeTranslation => ({ kind: 'failed', failure });

const malformed = (what: string): WholeTranslation =>
  failed({ kind: 'malformed', message: `The provider's answer ${what}.` });

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
