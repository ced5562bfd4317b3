import type { FinishReason } from '../answer/chunk-writer.ts';
import type { CallPlan } from '../adapter.ts';
import { createMarkupReader, type MarkupReader } from './thought-markup.ts';
import type { WireMessage } from './wire.ts';

/** The API's mark for a failure while it answered, in the place where others tell how the answer ended. */
export const networkError = 'network_error';

/** Returns the reason why an answer ended, in OpenAI's words. */
export const toFinishReason = (reason: string): FinishReason => finishReasons[reason] ?? 'stop';

const finishReasons: Readonly<Record<string, FinishReason>> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool_calls',
  sensitive: 'content_filter',
  model_context_window_exceeded: 'length',
};

/** Returns a reader that takes the marks out, or that leaves the text as it is for calls that keep the marks. */
export const markupReaderFor = ({ keepsThinkingMarkup }: CallPlan): MarkupReader =>
  keepsThinkingMarkup ? untouched : createMarkupReader();

const untouched: MarkupReader = {
  push: (piece) => ({ reasoning: '', content: piece }),
  end: () => ({ reasoning: '', content: '' }),
};

/** The message's text apart from its thoughts. */
export function splitMessage({ content, reasoning_content: thoughts }: WireMessage, reader: MarkupReader) {
  const split = reader.push(content ?? '');
  return { reasoning: (thoughts ?? '') + split.reasoning, content: split.content };
}
