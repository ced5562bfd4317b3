import type { EventStream } from '../server/provider.ts';
import { type ChatAnswer, reasoningText, usageOf } from './chat-answer.ts';
import { internalErrorBody } from './errors.ts';

/**
 * Writes an answer as chunks. The parts common to all chunks of a choice are written once, as the text before and after
 * a delta, so that a token costs the concatenation of three texts.
 */
export function toEventStream(answer: ChatAnswer): EventStream {
  const { request, content, reasoningTokens, identity } = answer;
  const { id, ...rest } = identity;
  const common = JSON.stringify({ id, object: 'chat.completion.chunk', ...rest }).slice(0, -1);
  const noUsage = request.wantsStreamUsage ? ',"usage":null' : '';
  const before = Array.from(
    { length: request.choices },
    (_, choice) => `data: ${common},"choices":[{"index":${choice},"delta":`,
  );
  const after = (finishReason: string) => `,"logprobs":null,"finish_reason":${finishReason}}]${noUsage}}\n\n`;
  const afterDelta = after('null');
  const forEachChoice = (deltaOf: (choice: number) => string, ending = afterDelta) =>
    before.map((text, choice) => text + deltaOf(choice) + ending).join('');
  const usageEvent = () =>
    `data: ${common},"choices":[],"usage":${JSON.stringify(usageOf(answer, content.tokens))}}\n\n`;

  return {
    kind: 'stream',
    opening: forEachChoice(() => content.roleDelta),
    steps: reasoningTokens + content.tokens,
    leadSteps: reasoningTokens,
    tokensPerStep: request.choices,
    tellsUsage: request.wantsStreamUsage,
    step: (index) =>
      index < reasoningTokens
        ? forEachChoice(() => `{"reasoning_content":"${reasoningText(index)}"}`)
        : forEachChoice((choice) => content.delta(choice, index - reasoningTokens)),
    closing:
      forEachChoice(() => '{}', after(`"${content.finishReason}"`)) + (request.wantsStreamUsage ? usageEvent() : ''),
    terminator: 'data: [DONE]\n\n',
    failure: `data: ${internalErrorBody}\n\n`,
    broken: `${before[0]}{"content":"bro\n\n`,
    carrying: (text) => `${before[0]}{"content":"${text}"}${afterDelta}`,
  };
}
