import { endOfString, isSpace } from './scan.ts';

/**
 * Replaces the value of a top-level member in the text of a JSON object. Every other byte stays as it is. Of a name that is
 * repeated, each value is replaced, because parsers differ in which of them they take. Returns undefined if the object has
 * no such member. The text must be valid JSON.
 *
 * @param value JSON text
 */
export function replaceMember(text: string, name: string, value: string): string | undefined {
  let result = '';
  let done = 0;
  let depth = 0;
  let isFound = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === openBrace || code === openBracket) depth++;
    else if (code === closeBrace || code === closeBracket) depth--;
    else if (code === quote) {
      const end = endOfString(text, at + 1);
      const start = depth === 1 ? valueAfter(text, end + 1) : undefined;
      if (start !== undefined && nameOf(text.slice(at, end + 1)) === name) {
        const stop = endOfValue(text, start);
        result += text.slice(done, start) + value;
        done = stop;
        isFound = true;
        at = stop - 1;
      } else {
        at = end;
      }
    }
  }
  return isFound ? result + text.slice(done) : undefined;
}

const quote = 0x22;
const colon = 0x3a;
const comma = 0x2c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

const nameOf = (text: string): unknown => (text.includes('\\') ? JSON.parse(text) : text.slice(1, -1));

/** Returns the start of the value if the text before this index is the name of a member. */
function valueAfter(text: string, from: number): number | undefined {
  const at = afterSpace(text, from);
  return text.charCodeAt(at) === colon ? afterSpace(text, at + 1) : undefined;
}

function afterSpace(text: string, from: number): number {
  let at = from;
  while (isSpace(text.charCodeAt(at))) at++;
  return at;
}

/** Returns the index after a value, without the white space that follows it. */
function endOfValue(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      at = endOfString(text, at + 1);
      if (depth === 0) return at + 1;
    } else if (code === openBrace || code === openBracket) depth++;
    else if (code === closeBrace || code === closeBracket) {
      if (depth === 0) return at;
      depth--;
      if (depth === 0) return at + 1;
    } else if (depth === 0 && (code === comma || isSpace(code))) return at;
  }
  return text.length;
}
