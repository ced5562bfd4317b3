import { createParser } from 'eventsource-parser';
import type { EventReader, EventReaderNeeds } from './event-reader.ts';
import { isUnfinished, isWholeJson } from './unfinished.ts';

/**
 * Server-sent events as the HTML standard has them, but for the last one, which may lack its blank line if it is whole
 * JSON or `[DONE]`: some senders leave that out.
 *
 * @param keepsUnterminated the last event may be other text than JSON, and bare JSON without a field name, on one line or
 *   several
 */
export function createSseReader(
  { maxEventLength, onEvent }: EventReaderNeeds,
  keepsUnterminated: boolean,
): EventReader {
  let hasOverflowed = false;
  let isEnding = false;
  /** The line begun last. */
  let tail = '';
  /** Lines before it that may be the beginning of bare JSON. */
  let bare = '';
  const parser = createParser({
    maxBufferSize: maxEventLength,
    onEvent(event) {
      if (!isEnding || isWholeJson(event.data) || (keepsUnterminated && !isUnfinished(event.data))) onEvent(event);
    },
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
      if (hasOverflowed) return;
      const rest = field.test(tail) ? '' : bare + tail;
      if (keepsUnterminated && isWholeJson(rest)) onEvent({ data: rest.trim() });
      isEnding = true;
      parser.feed('\n\n');
    },
  };
}

/** A line that is part of an event, or a comment. */
const field = /^(?:data|event|id|retry)?:/;
const beginsObject = (line: string): boolean => line.trimStart().startsWith('{');
