/** Limits that a JSON text must keep before it is parsed. */
export interface JsonLimits {
  /** Levels of `[` and `{`. */
  readonly maxDepth: number;
  /** Commas and opening brackets outside strings; a JSON text has at most one value more than this. */
  readonly maxElements: number;
  /** Opening brackets alone: a list or object costs the parser several times as much as a number. Default: no limit. */
  readonly maxOpenings?: number;
  /** Members of objects: each costs the parser several times as much as a list item. Default: no separate limit. */
  readonly maxMembers?: number;
}

const quote = 0x22;
const backslash = 0x5c;
const colon = 0x3a;

const nothing = 0;
const stringStart = 1;
const separator = 2;
const opening = 3;
const closing = 4;
/** Meaning of each byte outside strings. A table costs half as much as a chain of comparisons. */
const meanings = new Uint8Array(256);
meanings[quote] = stringStart;
meanings[0x2c] = separator;
meanings[0x5b] = opening;
meanings[0x7b] = opening;
meanings[0x5d] = closing;
meanings[0x7d] = closing;

/** Length from which a native search for the end of a string is faster than a loop over its bytes. */
const shortStringBytes = 32;

/**
 * Checks depth and size of a JSON text in UTF-8 without parsing it: one pass, no allocation, never throws. It does not
 * check whether the text is valid JSON; for invalid JSON, `ok` means only that the text is safe to parse.
 */
export function inspectJson(
  bytes: Uint8Array,
  { maxDepth, maxElements, maxOpenings = Number.POSITIVE_INFINITY, maxMembers = Number.POSITIVE_INFINITY }: JsonLimits,
): 'ok' | 'too_deep' | 'too_many_elements' | 'too_many_containers' | 'too_many_members' {
  let depth = 0;
  let openings = 0;
  let elements = 0;
  let members = 0;
  const { length } = bytes;
  for (let at = 0; at < length; at++) {
    const byte = bytes[at] as number;
    const meaning = meanings[byte];
    if (meaning === nothing) {
      if (byte === colon && ++members > maxMembers) return 'too_many_members';
      continue;
    }
    if (meaning === stringStart) {
      at = endOfString(bytes, at + 1);
    } else if (meaning === closing) {
      if (depth > 0) depth--;
    } else {
      if (meaning === opening) {
        if (++depth > maxDepth) return 'too_deep';
        if (++openings > maxOpenings) return 'too_many_containers';
      }
      if (++elements > maxElements) return 'too_many_elements';
    }
  }
  return 'ok';
}

/** Returns the position of a string's closing quote, or the end of the text if there is none. */
function endOfString(bytes: Uint8Array, start: number): number {
  let searchFrom = start + shortStringBytes;
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === quote) return at;
    if (byte === backslash) {
      at++;
    } else if (at >= searchFrom) {
      at = bytes.indexOf(quote, at);
      if (at < 0) return bytes.length;
      if (!isEscaped(bytes, at)) return at;
      searchFrom = at + shortStringBytes;
    }
  }
  return bytes.length;
}

/** Backslashes pair up from the left, so an odd run of them before a quote escapes it. */
function isEscaped(bytes: Uint8Array, at: number): boolean {
  let run = 0;
  while (bytes[at - 1 - run] === backslash) run++;
  return run % 2 === 1;
}

const openSquare = 0x5b;
const openCurly = 0x7b;

const blankOrWord = 5;
/**
 * Meanings of characters in a text, extended by those of blanks, numbers, `true`, `false` and `null`; any other
 * character ends the value.
 */
const textMeanings = meanings.slice(0, 128);
for (const character of ' \t\n\r:0123456789+-.eEtrufalsn') textMeanings[character.charCodeAt(0)] = blankOrWord;

/**
 * Counts the elements of a text that may be JSON, as far as a parser would read it: up to the first character that JSON
 * does not allow outside strings, or up to the end of the first value. One pass, no allocation, never throws.
 *
 * @returns the number of elements; 0 for a text that does not begin with an array or object
 */
export function measureJsonText(
  text: string,
  { maxDepth, maxElements }: JsonLimits,
): number | 'too_deep' | 'too_many_elements' {
  let depth = 0;
  let elements = 0;
  for (let at = startOfValue(text); at < text.length; at++) {
    const code = text.charCodeAt(at);
    const meaning = code < 128 ? textMeanings[code] : nothing;
    if (meaning === blankOrWord) continue;
    if (meaning === nothing) break;
    if (meaning === stringStart) {
      at = endOfText(text, at + 1);
    } else if (meaning === closing) {
      if (--depth <= 0) break;
    } else {
      if (meaning === opening && ++depth > maxDepth) return 'too_deep';
      if (++elements > maxElements) return 'too_many_elements';
    }
  }
  return elements;
}

/** Returns the index at which an array or object begins; the text's length if there is none. */
function startOfValue(text: string): number {
  const at = text.search(/[^ \t\n\r]/);
  const code = at < 0 ? undefined : text.charCodeAt(at);
  return code === openSquare || code === openCurly ? at : text.length;
}

/** Returns the index of a string's closing quote; the text's length if there is none. */
function endOfText(text: string, start: number): number {
  let at = text.indexOf('"', start);
  while (at >= 0) {
    let run = 0;
    while (at - 1 - run >= start && text.charCodeAt(at - 1 - run) === backslash) run++;
    if (run % 2 === 0) return at;
    at = text.indexOf('"', at + 1);
  }
  return text.length;
}
