import { type Classes, splitPrompt } from '../bill/tokens.ts';
import type { Behaviour } from '../faults/behaviour.ts';
import { contentOf } from '../openai/content.ts';
import { reasoningText } from '../openai/chat-answer.ts';
import { spoiltCharacter } from '../server/bytes.ts';
import type { EventStream, WholeAnswer } from '../server/provider.ts';
import type { GeminiRequest } from './chat-request.ts';
import { internalErrorBody } from './errors.ts';

/** Classes of Google's bill: writing into the cache is not one of them. */
export const geminiClasses: Classes = { cacheRead: true, cacheWrite: false, reasoning: true };

/** Content of an answer; one step is one event of its stream. */
interface Answer {
  readonly request: GeminiRequest;
  readonly behaviour: Behaviour;
  /** Parts with reasoning. */
  readonly thoughts: readonly object[];
  /** Number of reasoning tokens, whether shown or not. */
  readonly reasoningTokens: number;
  readonly parts: number;
  part(index: number): object;
  readonly finishReason: 'STOP' | 'MAX_TOKENS';
}

function answerOf(request: GeminiRequest, behaviour: Behaviour): Answer {
  const { chat, mayThink, showsReasoning } = request;
  const content = contentOf(chat, behaviour);
  const reasoningTokens = mayThink && behaviour.fault?.name !== 'empty' ? behaviour.reasoningTokens : 0;
  const thoughts = Array.from({ length: showsReasoning ? reasoningTokens : 0 }, (_, seq) => ({
    text: reasoningText(seq),
    thought: true,
  }));
  const common = { request, behaviour, thoughts, reasoningTokens } as const;
  const isLong = content.finishReason === 'length';
  if (chat.functions.length > 0) {
    // Calls are never sent in pieces; a truncated call is omitted.
    const calls = isLong ? [] : (content.message(0, content.tokens).tool_calls ?? []).map(toCallPart);
    const signed = calls.map((part, at) =>
      at === 0 ? { ...part, thoughtSignature: signatureOf(chat.conversation) } : part,
    );
    return {
      ...common,
      parts: signed.length,
      part: (at) => signed[at] ?? {},
      finishReason: isLong ? 'MAX_TOKENS' : 'STOP',
    };
  }
  return {
    ...common,
    parts: content.tokens,
    part: (at) => ({ text: (JSON.parse(content.delta(0, at)) as { readonly content: string }).content }),
    finishReason: isLong ? 'MAX_TOKENS' : 'STOP',
  };
}

/** Converts a call. Calls have ids only if there are several, so that clients are tested with both. */
function toCallPart(
  { id, function: called }: { id: string; function: { name: string; arguments: string } },
  at: number,
): object {
  const args = JSON.parse(called.arguments) as object;
  return { functionCall: { ...(at === 0 ? {} : { id }), name: called.name, args } };
}

const signatureOf = (conversation: string): string => Buffer.from(`signature of ${conversation}`).toString('base64');

/** Writes an answer as events. Each is a response of its own; there is no end mark. */
export function toEventStream(request: GeminiRequest, behaviour: Behaviour): EventStream {
  const answer = answerOf(request, behaviour);
  const { thoughts } = answer;
  const event = (response: object): string => `data: ${JSON.stringify({ ...response, ...identityOf(answer) })}\n\n`;
  const partEvent = (part: object): string =>
    event({ candidates: [candidate([part])], usageMetadata: promptCount(answer) });
  const closing = event({
    candidates: [{ ...candidate([{ text: '' }]), finishReason: answer.finishReason }],
    usageMetadata: countOf(answer, answer.parts),
  });
  return {
    kind: 'stream',
    opening: '',
    steps: thoughts.length + answer.parts,
    leadSteps: thoughts.length,
    tokensPerStep: 1,
    billed: { output: answer.parts, reasoning: answer.reasoningTokens },
    step: (index) => partEvent(thoughts[index] ?? answer.part(index - thoughts.length)),
    closing,
    terminator: '',
    failure: `${internalErrorBody}\n`,
    broken: 'data: {"candidates": [{"content": {"parts": [{"text": "bro\n\n',
    carrying: (text) => partEvent({ text }),
  };
}

/** Writes an answer as one response. */
export function toWhole(request: GeminiRequest, behaviour: Behaviour): WholeAnswer {
  const answer = answerOf(request, behaviour);
  const { fault, faultAfterTokens } = behaviour;
  if (fault?.name === 'errev') return { kind: 'whole', body: internalErrorBody, tokens: 0, steps: 0, isFree: true };
  const isCut = fault?.name === 'cut';
  const length = isCut ? Math.min(faultAfterTokens, answer.parts) : answer.parts;
  const said = Array.from({ length }, (_, at) => answer.part(at));
  const parts = [...answer.thoughts, ...joined(said), ...fillersOf(fault)];
  const usageMetadata = countOf(answer, length);
  const body = JSON.stringify({
    candidates: [{ ...candidate(parts), ...(isCut ? {} : { finishReason: answer.finishReason }) }],
    usageMetadata,
    ...identityOf(answer),
  });
  return {
    kind: 'whole',
    body,
    tokens: answer.reasoningTokens + length,
    billed: { output: length, reasoning: answer.reasoningTokens },
    steps: answer.thoughts.length + length,
  };
}

const candidate = (parts: readonly object[]): object => ({ content: { parts, role: 'model' }, index: 0 });

function identityOf({ request: { chat } }: Answer): object {
  return { modelVersion: chat.model, responseId: chat.conversation };
}

const promptCount = ({ request: { chat }, behaviour }: Answer): object => ({
  promptTokenCount: chat.promptTokens,
  ...cacheCount(chat.promptTokens, behaviour),
  totalTokenCount: chat.promptTokens,
});

function cacheCount(promptTokens: number, behaviour: Behaviour): object {
  const { cacheRead } = splitPrompt(promptTokens, behaviour, geminiClasses);
  return cacheRead === 0 ? {} : { cachedContentTokenCount: cacheRead };
}

function countOf({ request: { chat }, behaviour, reasoningTokens }: Answer, tokens: number): object {
  return {
    promptTokenCount: chat.promptTokens,
    ...cacheCount(chat.promptTokens, behaviour),
    candidatesTokenCount: tokens,
    totalTokenCount: chat.promptTokens + tokens + reasoningTokens,
    ...(reasoningTokens === 0 ? {} : { thoughtsTokenCount: reasoningTokens }),
  };
}

/** Joins texts to one part for a whole answer. */
function joined(parts: readonly object[]): readonly object[] {
  if (!parts.every((part) => 'text' in part)) return parts;
  return parts.length === 0 ? [] : [{ text: parts.map((part) => ('text' in part ? String(part.text) : '')).join('') }];
}

/** Returns the parts that content faults add to an answer. */
function fillersOf(fault: Behaviour['fault']): readonly object[] {
  if (fault?.name === 'huge') return [{ text: 'x'.repeat(fault.value * 1024 * 1024) }];
  return fault?.name === 'badutf8' ? [{ text: spoiltCharacter }] : [];
}
