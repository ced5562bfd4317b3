import { marker } from './marks.ts';

const quote = 0x22;
const backslash = 0x5c;
const minus = 0x2d;
const zero = 0x30;
const nine = 0x39;
const dot = 0x2e;
const colon = 0x3a;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/** Number of digits up to which every whole number is exact as a double. */
const safeDigits = 15;

/** Names that JavaScript moves to the front of an object, wherever they stand in the text. */
const integerName = /^(?:0|[1-9]\d{0,15})$/;

/** Escape of a digit, which may belong to such a name, or of the marker's first character. */
const oddEscape = /\\u00(?:3\d|90)/;

const integer = /^-?\d+$/;
const zeroSource = /^-?[0.]+(?:[eE]|$)/;

/** Returns whether JavaScript lists a member of this name before the others. */
export const isIntegerName = (name: string): boolean => integerName.test(name);

/**
 * Returns how a number's text changes when it is parsed and written again: `same` text, another `spelling` (`1.0`,
 * `1e2`, `-0`, fractions with more digits than a double has), or another `value` (2^53 + 1, `1e400`, `1e-400`).
 */
export function fateOf(source: string): 'same' | 'spelling' | 'value' {
  const value = Number(source);
  if (String(value) === source) return 'same';
  if (value === 0) return zeroSource.test(source) ? 'spelling' : 'value';
  return integer.test(source) || !Number.isFinite(value) ? 'value' : 'spelling';
}

/**
 * Matches some part of every number or name that is not plain: 16 digits or more, a fraction, an exponent, a negative
 * zero, a string that begins with a digit. Most chunks of a stream contain none; the search costs a third of a check of
 * each value.
 */
const mayBeOdd = /\d{16}|"\d|\d[.eE]|-0/;

/**
 * Returns whether `JSON.parse` and `JSON.stringify` would reproduce a JSON text, except for white space, escapes and
 * repeated names. One pass, no allocation. The result is meaningless for invalid JSON.
 */
export function isPlainJson(text: string): boolean {
  if (hasOddText(text)) return false;
  if (!mayBeOdd.test(text)) return true;
  const { length } = text;
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      const end = endOfString(text, at + 1);
      if (isDigit(text.charCodeAt(at + 1)) && isName(text, end) && isIntegerName(text.slice(at + 1, end))) return false;
      at = end;
    } else if (isDigit(code) || code === minus) {
      const end = endOfNumber(text, at);
      if (!isPlainNumber(text, at, end)) return false;
      at = end - 1;
    }
  }
  return true;
}

/**
 * Returns the unusual spellings of the top-level numbers by name, as in `{"temperature":1.0,…}`, which Python clients
 * write; undefined if anything else is unusual too.
 */
export function findTopSpellings(text: string): ReadonlyMap<string, string> | undefined {
  if (hasOddText(text)) return undefined;
  const spellings = new Map<string, string>();
  let depth = 0;
  let name = '';
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === openBrace || code === openBracket) depth++;
    else if (code === closeBrace || code === closeBracket) depth--;
    else if (code === quote) {
      const end = endOfString(text, at + 1);
      if ((depth === 1 || isDigit(text.charCodeAt(at + 1))) && isName(text, end)) {
        name = text.slice(at + 1, end);
        if (isIntegerName(name) || name.includes('\\')) return undefined;
      }
      at = end;
    } else if (isDigit(code) || code === minus) {
      const end = endOfNumber(text, at);
      const source = text.slice(at, end);
      const fate = fateOf(source);
      if (fate === 'value' || (fate === 'spelling' && depth !== 1)) return undefined;
      if (fate === 'spelling') spellings.set(name, source);
      else if (depth === 1) spellings.delete(name);
      at = end - 1;
    }
  }
  return spellings;
}

const hasOddText = (text: string): boolean => text.includes(marker) || (text.includes('\\u') && oddEscape.test(text));

const isDigit = (code: number): boolean => code >= zero && code <= nine;

/** Returns whether the number between these indexes is written again as it is. */
export const isPlainNumber = (text: string, start: number, end: number): boolean =>
  isSafe(text, start, end) || fateOf(text.slice(start, end)) === 'same';

/** Returns whether a number is a short whole number or a short decimal, which JavaScript writes unchanged. */
function isSafe(text: string, start: number, end: number): boolean {
  if (end - start > safeDigits) return false;
  let dots = 0;
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code === dot) dots++;
    else if (!isDigit(code) && code !== minus) return false;
  }
  // Unsafe: -0; 1.0; 0.0000001, which is written as 1e-7.
  const first = text.charCodeAt(start) === minus ? start + 1 : start;
  if (dots === 0) return text.charCodeAt(start) !== minus || text.charCodeAt(first) !== zero;
  return text.charCodeAt(end - 1) !== zero && (text.charCodeAt(first) !== zero || end - first <= 8);
}

/** Returns the index after the number that starts here. */
export function endOfNumber(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    // Digits, and + - . e E.
    if (!isDigit(code) && code !== minus && code !== dot && code !== 0x2b && code !== 0x65 && code !== 0x45) return at;
  }
  return text.length;
}

/** Length up to which a string is scanned in a loop; for longer ones a native search is several times faster. */
const shortString = 16;

/**
 * Returns the index of a string's closing quote, or the text's length if there is none; `start` is the index of its
 * first character.
 */
export function endOfString(text: string, start: number): number {
  const { length } = text;
  const near = Math.min(start + shortString, length);
  let at = start;
  for (; at < near; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) return at;
    if (code === backslash) at++;
  }
  for (at = text.indexOf('"', at); at !== -1; at = text.indexOf('"', at + 1)) {
    if (!isEscaped(text, at)) return at;
  }
  return length;
}

/** Backslashes pair up from the left, so an odd run of them before a quote escapes it. */
function isEscaped(text: string, at: number): boolean {
  let run = 0;
  while (text.charCodeAt(at - 1 - run) === backslash) run++;
  return run % 2 === 1;
}

/** Returns whether the string that closes here is a member's name. */
function isName(text: string, closing: number): boolean {
  let at = closing + 1;
  while (isSpace(text.charCodeAt(at))) at++;
  return text.charCodeAt(at) === colon;
}

/** JSON's white space. */
export const isSpace = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
