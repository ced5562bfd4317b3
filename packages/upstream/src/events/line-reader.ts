import type { EventReader } from './event-reader.ts';

/**
 * Cuts text into lines, which end with LF, CRLF or the end of the stream.
 *
 * @param onLine told whether the line has its end: the last one may be half of one
 */
export function createLineReader(maxLength: number, onLine: (line: string, hasEnd: boolean) => void): EventReader {
  let rest = '';
  let hasOverflowed = false;
  const give = (line: string, hasEnd: boolean): void => onLine(line.endsWith('\r') ? line.slice(0, -1) : line, hasEnd);
  return {
    feed(text) {
      if (hasOverflowed) return false;
      // To split what goes on with a line would copy all of that line.
      const lines = text.includes('\n') ? (rest + text).split('\n') : [rest + text];
      rest = lines.pop() ?? '';
      for (const line of lines) give(line, true);
      hasOverflowed = rest.length > maxLength;
      return !hasOverflowed;
    },
    end() {
      if (rest !== '' && !hasOverflowed) give(rest, false);
      rest = '';
    },
  };
}
