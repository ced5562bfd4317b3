import { createParser } from 'eventsource-parser';
import type { EventReader, EventReaderNeeds } from './reader.ts';
import { isUnfinished, isWholeJson } from './unfinished.ts';

/**
 * Reads server-sent events of the HTML standard, with two exceptions. The last event may lack its blank line if it is
 * whole JSON or `[DONE]`: some senders omit that line. JSON on a line without a field name is an event: the standard
 * ignores such lines, which would leave a gap in an answer that looks complete.
 *
 * @param keepsUnterminated the last event may be any text, or bare JSON without a field name, on one line or several
 */
export function createSseReader(
  { maxEventLength, onEvent }: EventReaderNeeds,
  keepsUnterminated: boolean,
): EventReader {
  let hasOverflowed = false;
  let isEnding = false;
  /** Start of a line that may be bare JSON. */
  let held = '';
  let isAtLineStart = true;
  /** The last, incomplete line. */
  let tail = '';
  /** Earlier lines that may be the start of bare JSON. */
  let bare = '';
  const parser = createParser({
    maxBufferSize: maxEventLength,
    onEvent(event) {
      if (!isEnding || isWholeJson(event.data) || (keepsUnterminated && !isUnfinished(event.data))) onEvent(event);
    },
    onError(error) {
      if (error.type === 'max-buffer-size-exceeded') hasOverflowed = true;
      else if (error.type === 'unknown-field' && !keepsUnterminated) passBare(error.line ?? '');
    },
  });

  /**
   * Feeds everything except a last line that may be bare JSON: the parser drops incomplete lines without a field name.
   */
  function feedLines(text: string): void {
    // Nearly every piece ends with a line end; a backward search for `\r` would cost more than parsing the piece.
    if (text.endsWith('\n')) {
      const lines = held === '' ? text : held + text;
      held = '';
      isAtLineStart = true;
      return parser.feed(lines);
    }
    const lineStart = Math.max(text.lastIndexOf('\n'), text.lastIndexOf('\r')) + 1;
    if (lineStart === 0 && held !== '') {
      held += text;
      hasOverflowed ||= held.length > maxEventLength;
      return;
    }
    const isHeld = (lineStart > 0 || isAtLineStart) && mayBeBare.test(text.slice(lineStart, lineStart + bareStart));
    const ready = held + (isHeld ? text.slice(0, lineStart) : text);
    held = isHeld ? text.slice(lineStart) : '';
    isAtLineStart = lineStart === text.length && (lineStart > 0 || isAtLineStart);
    if (ready !== '') parser.feed(ready);
  }

  function passBare(line: string): void {
    if (beginsObject(line) && (!isEnding || isWholeJson(line))) onEvent({ data: line.trim() });
  }

  function keepTail(text: string): void {
    const lines = text.includes('\n') ? (tail + text).split('\n') : [tail + text];
    tail = lines.pop() ?? '';
    for (const line of lines) {
      if (field.test(line)) bare = '';
      else if (bare !== '' || beginsObject(line)) bare += `${line}\n`;
    }
    hasOverflowed ||= bare.length > maxEventLength;
  }

  const reader = {
    isBetweenEvents: false,
    feed(text: string): boolean {
      reader.isBetweenEvents = !keepsUnterminated && text.endsWith('\n\n');
      if (hasOverflowed) return false;
      if (!keepsUnterminated) feedLines(text);
      else parser.feed(text);
      if (keepsUnterminated && !hasOverflowed) keepTail(text);
      return !hasOverflowed;
    },
    end(): void {
      if (hasOverflowed) return;
      const rest = field.test(tail) ? '' : bare + tail;
      if (keepsUnterminated && isWholeJson(rest)) onEvent({ data: rest.trim() });
      isEnding = true;
      parser.feed(`${held}\n\n`);
    },
  };
  return reader;
}

/** Matches a line that is part of an event, or a comment. */
const field = /^(?:data|event|id|retry)?:/;
/** Number of characters that show whether a line is bare JSON. */
const bareStart = 16;
const mayBeBare = /^[ \t]*(?:\{|$)/;
const beginsObject = (line: string): boolean => line.trimStart().startsWith('{');
