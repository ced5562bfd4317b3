import type { EventReader } from './reader.ts';

/**
 * Splits text into lines, which end with LF, CRLF or the end of the stream.
 *
 * @param onLine called with a line and whether its terminator was found: the last line may be incomplete
 */
export function createLineReader(maxLength: number, onLine: (line: string, hasEnd: boolean) => void): EventReader {
  let rest = '';
  let hasOverflowed = false;
  const give = (line: string, hasEnd: boolean): void => onLine(line.endsWith('\r') ? line.slice(0, -1) : line, hasEnd);
  return {
    isBetweenEvents: false,
    feed(text) {
      if (hasOverflowed) return false;
      // Splitting a continued line would copy the whole line each time.
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
