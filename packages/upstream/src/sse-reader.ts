import { createParser } from 'eventsource-parser';
import type { EventReader, EventReaderNeeds } from './event-reader.ts';

/**
 * Server-sent events as the HTML standard has them. An event that its sender did not finish with a blank line is not an
 * event: whether the stream was complete is for the provider's translator to judge.
 *
 * @param keepsUnterminated the last event may lack its blank line all the same, or be bare JSON without a field name, on
 *   one line or several
 */
export function createSseReader(
  { maxEventLength, onEvent }: EventReaderNeeds,
  keepsUnterminated: boolean,
): EventReader {
  let hasOverflowed = false;
  /** The line begun last. */
  let tail = '';
  /** Lines before it that may be the beginning of bare JSON. */
  let bare = '';
  const parser = createParser({
    maxBufferSize: maxEventLength,
    onEvent,
    onError(error) {
      if (error.type === 'max-buffer-size-exceeded') hasOverflowed = true;
    },
  });

  function keepTail(text: string): void {
    const lines = text.includes('\n') ? (tail + text).split('\n') : [tail + text];
    tail = lines.pop() ?? '';
    for (const line of lines) {
      if (field.test(line)) bare = '';
      else if (bare !== '' || beginsObject(line)) bare += `${line}\n`;
    }
    hasOverflowed ||= bare.length > maxEventLength;
  }

  return {
    feed(text) {
      if (!hasOverflowed) parser.feed(text);
      if (keepsUnterminated && !hasOverflowed) keepTail(text);
      return !hasOverflowed;
    },
    end() {
      if (!keepsUnterminated || hasOverflowed) return;
      const rest = field.test(tail) ? '' : bare + tail;
      if (beginsObject(rest)) onEvent({ data: rest.trim() });
      parser.feed('\n\n');
    },
  };
}

/** A line that is part of an event, or a comment. */
const field = /^(?:data|event|id|retry)?:/;
const beginsObject = (line: string): boolean => line.trimStart().startsWith('{');
