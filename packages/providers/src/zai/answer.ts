import type { FinishReason } from '../answer/chunk-writer.ts';
import type { CallPlan } from '../adapter.ts';
import { createMarkupReader, type MarkupReader } from './thought-markup.ts';
import type { WireMessage } from './wire.ts';

/** Finish reason with which the API reports a failure during an answer. */
export const networkError = 'network_error';

/** Returns the finish reason in OpenAI's form. */
export const toFinishReason = (reason: string): FinishReason => finishReasons[reason] ?? 'stop';

const finishReasons: Readonly<Record<string, FinishReason>> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool_calls',
  sensitive: 'content_filter',
  model_context_window_exceeded: 'length',
};

/** Returns a reader that removes the marks, or one that keeps the text unchanged. */
export const markupReaderFor = ({ keepsThinkingMarkup }: CallPlan): MarkupReader =>
  keepsThinkingMarkup ? untouched : createMarkupReader();

const untouched: MarkupReader = {
  push: (piece) => ({ reasoning: '', content: piece }),
  end: () => ({ reasoning: '', content: '' }),
};

/** Splits a message into reasoning and text. */
export function splitMessage({ content, reasoning_content: thoughts }: WireMessage, reader: MarkupReader) {
  const split = reader.push(content ?? '');
  return { reasoning: (thoughts ?? '') + split.reasoning, content: split.content };
}
