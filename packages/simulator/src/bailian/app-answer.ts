import type { EventStream, WholeAnswer } from '../server/provider.ts';
import { type ChatAnswer, reasoningText } from '../openai/chat-answer.ts';
import { spoiltCharacter } from '../server/bytes.ts';
import type { AppRequest } from './app-request.ts';
import { allocationQuota, errorBody, errorEvent } from './errors.ts';

/**
 * Writes the frames of an application. Reasoning tokens appear as `thoughts` if requested; otherwise they become empty
 * frames, as a reasoning model sends them.
 */
export function toFrames(request: AppRequest, answer: ChatAnswer): EventStream {
  const { content, reasoningTokens } = answer;
  const { isIncremental, hasReasoning } = request;
  const blankLine = request.isPacked ? '' : '\n';
  const steps = reasoningTokens + content.tokens;

  const frame = (id: number, output: object, made: number): string =>
    `id:${id}\nevent:result\n:HTTP_STATUS/200\ndata:${bodyOf(request, answer, { output, made })}\n`;
  const textUpTo = (tokens: number): string => content.message(0, tokens).content ?? '';

  function outputAt(index: number): object {
    if (index < reasoningTokens) {
      const thought = isIncremental ? reasoningText(index) : reasoningUpTo(index + 1);
      return { ...(hasReasoning ? { thoughts: [reasoningPieceOf(thought)] } : {}), text: '' };
    }
    const tokens = index - reasoningTokens + 1;
    return isIncremental ? { text: textOfDelta(content.delta(0, tokens - 1)) } : { text: textUpTo(tokens) };
  }

  return {
    kind: 'stream',
    opening: frame(1, { text: '' }, 0) + blankLine,
    steps,
    leadSteps: reasoningTokens,
    tokensPerStep: 1,
    billed: { output: content.tokens, reasoning: reasoningTokens },
    step: (index) => frame(index + 2, outputAt(index), index + 1) + blankLine,
    closing: frame(
      steps + 2,
      { text: isIncremental ? '' : textUpTo(content.tokens), finish_reason: content.finishReason },
      steps,
    ),
    // There is no end mark; but some readers lose a frame without a blank line.
    terminator: blankLine,
    failure: errorEvent(429, errorBody(...allocationQuota)),
    broken: 'id:1\nevent:result\n:HTTP_STATUS/200\ndata:{"output":{"text":"bro\n\n',
    carrying: (text) => `${frame(1, { text }, 0)}\n`,
  };
}

/** Writes a whole answer. */
export function toBody(request: AppRequest, answer: ChatAnswer): WholeAnswer {
  const { content, reasoningTokens, behaviour } = answer;
  const { fault, faultAfterTokens } = behaviour;
  if (fault?.name === 'errev')
    return { kind: 'whole', body: errorBody(...allocationQuota), tokens: 0, steps: 0, isFree: true };
  const isCut = fault?.name === 'cut';
  const tokens = isCut ? Math.min(faultAfterTokens, content.tokens) : content.tokens;
  const filler =
    fault?.name === 'huge' ? 'x'.repeat(fault.value * 1024 * 1024) : fault?.name === 'badutf8' ? spoiltCharacter : '';
  const output = {
    ...(request.hasReasoning && reasoningTokens > 0
      ? { thoughts: [reasoningPieceOf(reasoningUpTo(reasoningTokens))] }
      : {}),
    text: (content.message(0, tokens).content ?? '') + filler,
    finish_reason: isCut ? 'null' : content.finishReason,
  };
  const made = reasoningTokens + tokens;
  const billed = { output: tokens, reasoning: reasoningTokens };
  return { kind: 'whole', body: bodyOf(request, answer, { output, made }), tokens: made, billed, steps: made };
}

function bodyOf(
  { chat, sessionId }: AppRequest,
  { reasoningTokens }: ChatAnswer,
  { output, made }: { readonly output: object; readonly made: number },
): string {
  const { conversation, promptTokens } = chat;
  const thought = Math.min(made, reasoningTokens);
  const thinker = { model_id: 'sim-thinker', input_tokens: promptTokens, output_tokens: thought };
  const writer = { model_id: 'sim-writer', input_tokens: promptTokens, output_tokens: made - thought };
  return JSON.stringify({
    output: { session_id: sessionId, finish_reason: 'null', reject_status: false, ...output },
    usage: { models: reasoningTokens > 0 ? [thinker, writer] : [writer] },
    request_id: conversation,
  });
}

const textOfDelta = (delta: string): string => (JSON.parse(delta) as { readonly content: string }).content;

const reasoningUpTo = (tokens: number): string =>
  Array.from({ length: tokens }, (_, seq) => reasoningText(seq)).join('');

/** Returns an item of reasoning; for this kind `response` repeats `thought`. */
const reasoningPieceOf = (thought: string): object => ({
  action: 'reasoning',
  action_type: 'reasoning',
  action_name: '思考过程',
  thought,
  response: thought,
});
