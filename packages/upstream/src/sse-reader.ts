import { createParser } from 'eventsource-parser';
import type { EventReader, EventReaderNeeds } from './event-reader.ts';

/**
 * Server-sent events as the HTML standard has them. An event that its sender did not finish with a blank line is not an
 * event: whether the stream was complete is for the provider's translator to judge.
 *
 * @param keepsUnterminated the last event may lack its blank line all the same, or be bare JSON without a field name
 */
export function createSseReader(
  { maxEventLength, onEvent }: EventReaderNeeds,
  keepsUnterminated: boolean,
): EventReader {
  let hasOverflowed = false;
  /** What came since the last line feed. */
  let tail = '';
  const parser = createParser({
    maxBufferSize: maxEventLength,
    onEvent,
    onError(error) {
      if (error.type === 'max-buffer-size-exceeded') hasOverflowed = true;
    },
  });
  return {
    feed(text) {
      if (!hasOverflowed) parser.feed(text);
      if (keepsUnterminated) tail = (tail + text).slice((tail + text).lastIndexOf('\n') + 1);
      return !hasOverflowed;
    },
    end() {
      if (!keepsUnterminated || hasOverflowed) return;
      if (tail.trimStart().startsWith('{')) onEvent({ data: tail.trim() });
      parser.feed('\n\n');
    },
  };
}
