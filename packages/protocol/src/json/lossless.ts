import { markName, markNumber, markText, unmarkJson } from './marks.ts';
import { endOfNumber, endOfString, fateOf, findTopSpellings, isIntegerName, isPlainJson, isSpace } from './scan.ts';
import { keepSpellings, writeSpelled } from './spelling.ts';

/**
 * Parses JSON so that {@link writeLossless} reproduces the digits of each number and the order of members. The result
 * consists of ordinary objects, arrays, strings and numbers:
 *
 * - a whole number that a double can't hold (2^53 + 1) and a number beyond the range of doubles (`1e400`) become marked
 *   strings, see `marks.ts`;
 * - a name that JavaScript would move to the front (`"1"`) becomes a marked name; {@link unmarkText} returns the
 *   original;
 * - any other number is a number; its spelling is kept and written as long as its object, or a copy made by {@link
 *   respell}, is written;
 * - of members with the same name the last value counts, at the position of the first, as with `JSON.parse`: a provider
 *   must read the same value that the gateway has checked.
 *
 * Check the depth of the text first (`inspectJson`): tens of thousands of levels overflow the stack.
 * @throws SyntaxError if the text is not JSON
 */
export function parseLossless(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (isPlainJson(text)) return value;
  const spellings =
    typeof value === 'object' && value !== null && !Array.isArray(value) ? findTopSpellings(text) : undefined;
  return spellings === undefined || typeof value !== 'object' || value === null
    ? build(text)
    : finish(value, spellings);
}

/**
 * Writes as JSON a value that contains results of {@link parseLossless}, whole or in part. Use it instead of
 * `JSON.stringify` wherever a value may contain parsed parts.
 */
export const writeLossless = (value: unknown): string => unmarkJson(writeSpelled(value));

/** Parses a text that is already known to be valid JSON. */
function build(text: string): unknown {
  let at = 0;

  /** Returns the code of the next character that is not white space, and moves `at` to it. */
  function peek(): number {
    while (isSpace(text.charCodeAt(at))) at++;
    return text.charCodeAt(at);
  }

  function readString(): string {
    const start = at;
    at = endOfString(text, start + 1) + 1;
    const raw = text.slice(start + 1, at - 1);
    return markText(raw.includes('\\') ? (JSON.parse(text.slice(start, at)) as string) : raw);
  }

  function readName(): string {
    const name = readString();
    return isIntegerName(name) ? markName(name) : name;
  }

  /** Digits of the last number read, if its spelling is unusual. */
  let spelled: string | undefined;

  function readValue(): unknown {
    spelled = undefined;
    switch (peek()) {
      case 0x22:
        return readString();
      case 0x7b:
        return readObject();
      case 0x5b:
        return readArray();
      case 0x74:
        at += 4;
        return true;
      case 0x66:
        at += 5;
        return false;
      case 0x6e:
        at += 4;
        return null;
      default:
        return readNumber();
    }
  }

  function readNumber(): number | string {
    const start = at;
    at = endOfNumber(text, start);
    const source = text.slice(start, at);
    const fate = fateOf(source);
    if (fate === 'value') return markNumber(source);
    if (fate === 'spelling') spelled = source;
    return Number(source);
  }

  function readObject(): object {
    const object: Record<string, unknown> = {};
    const sources = new Map<string, string>();
    at++;
    while (peek() !== 0x7d) {
      if (text.charCodeAt(at) === 0x2c) at++;
      peek();
      const name = readName();
      peek();
      at++;
      const value = readValue();
      note(sources, name);
      if (name === '__proto__') define(object, name, value);
      else object[name] = value;
    }
    at++;
    return finish(object, sources);
  }

  function readArray(): object {
    const array: unknown[] = [];
    const sources = new Map<string, string>();
    at++;
    while (peek() !== 0x5d) {
      if (text.charCodeAt(at) === 0x2c) at++;
      const value = readValue();
      note(sources, String(array.length));
      array.push(value);
    }
    at++;
    return finish(array, sources);
  }

  function note(sources: Map<string, string>, name: string): void {
    if (spelled !== undefined) sources.set(name, spelled);
    else if (sources.size > 0) sources.delete(name);
    spelled = undefined;
  }

  const root = readValue();
  // A number alone has no object that could hold its spelling.
  return spelled === undefined ? root : markNumber(spelled);
}

function finish(container: object, sources: ReadonlyMap<string, string>): object {
  if (sources.size === 0) return container;
  // `JSON.stringify` would call a member of this name, which is the method that writes spellings.
  if (!Object.hasOwn(container, 'toJSON')) keepSpellings(container, sources);
  else for (const [name, source] of sources) define(container, name, markNumber(source));
  return container;
}

/** Defines a member as JSON.parse does: `__proto__` is an ordinary name. */
const define = (object: object, name: string, value: unknown): unknown =>
  Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
