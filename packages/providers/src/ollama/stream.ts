import type { ChatBody, UpstreamFailure } from '@sluice/protocol';
import type { CallPlan, StreamTranslator } from '../adapter.ts';
import { type AnswerDraft, createStreamTranslator } from '../answer/stream-translator.ts';
import { createThinkTagSplitter, type SplitText } from '../answer/think-tags.ts';
import { createCallReader, endOf, errorOf, identityOf, usageOf } from './answer.ts';
import { readResponse } from './read-response.ts';
import type { ChatResponse } from './wire.ts';

export interface TranslationOptions {
  readonly body: ChatBody;
  readonly plan: CallPlan;
  /** Set if the reasoning stands in the content, between tags. */
  readonly hasThinkTags: boolean;
}

const malformed: UpstreamFailure = {
  kind: 'malformed',
  message: 'Ollama sent a line that does not follow its protocol.',
};

/** Converts Ollama's lines to OpenAI's chunks. A tool call arrives whole, on one line. */
export function translateStream({ body, plan, hasThinkTags }: TranslationOptions): StreamTranslator {
  const splitter = hasThinkTags && !plan.keepsThinkingMarkup ? createThinkTagSplitter() : undefined;
  const readCall = createCallReader(plan.requestId);
  let calls = 0;
  let hasBrokenLine = false;

  function say({ text, thought }: SplitText, answer: AnswerDraft): void {
    if (thought !== '') answer.delta({ reasoning_content: thought });
    if (text !== '') answer.delta({ content: text });
  }

  function take({ message }: ChatResponse, answer: AnswerDraft): void {
    const content = message?.content ?? '';
    say({ text: '', thought: message?.thinking ?? '' }, answer);
    say(splitter?.push(content) ?? { text: content, thought: '' }, answer);
    const toolCalls = (message?.tool_calls ?? []).map(readCall);
    if (toolCalls.length === 0) return;
    answer.delta({ tool_calls: toolCalls.map((call, at) => ({ index: calls + at, ...call })) });
    calls += toolCalls.length;
  }

  function finish(response: ChatResponse, answer: AnswerDraft): void {
    if (splitter !== undefined) say(splitter.end(), answer);
    const end = endOf(response, calls > 0);
    if (end.kind === 'failed') return answer.fail(end.failure);
    const usage = usageOf(response);
    if (usage !== undefined) answer.usage(usage);
    answer.finish(end.reason);
    answer.complete();
  }

  return createStreamTranslator(body, plan, {
    countsReasoningAsOutput: true,
    onEvent({ data }, answer) {
      const response = readResponse(data);
      if (response === undefined || hasBrokenLine) {
        // A broken last line was cut off, which the end of the stream reveals; a broken line that ends with `}` was
        // not.
        if (hasBrokenLine || data.trimEnd().endsWith('}')) answer.fail(malformed);
        hasBrokenLine = true;
        return;
      }
      if (response.error) return answer.fail(errorOf(response.error));
      answer.identify(identityOf(response));
      take(response, answer);
      if (response.done === true) finish(response, answer);
    },
  });
}
