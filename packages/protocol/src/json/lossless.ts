import { markName, markNumber, markText, unmarkJson } from './marks.ts';
import { endOfNumber, endOfString, fateOf, findTopSpellings, isIntegerName, isPlainJson, isSpace } from './scan.ts';
import { keepSpellings, writeSpelled } from './spelling.ts';

/**
 * Parses JSON so that {@link writeLossless} gives every number back digit by digit and every member in its place. What
 * it returns are ordinary objects, arrays, strings and numbers:
 *
 * - a whole number that a double can't hold (2^53 + 1), and one beyond its range (`1e400`), is a marked string, see
 *   `marks.ts`;
 * - a name that JavaScript would move to the front (`"1"`) is a marked name; {@link unmarkText} tells what it says;
 * - any other number is a number, whatever its spelling; that is written while its object, or a copy by {@link respell},
 *   is;
 * - of members with the same name the last one counts, at the place of the first, as for `JSON.parse`: what a gateway
 *   has judged must be what a provider reads.
 *
 * Bound the depth of the text first (`inspectJson`): tens of thousands of levels overflow the stack.
 * @throws SyntaxError for what is no JSON
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
 * Writes as JSON what {@link parseLossless} gave, whole or in parts, among other values: instead of `JSON.stringify`
 * wherever something of a parsed text may be in the value.
 */
export const writeLossless = (value: unknown): string => unmarkJson(writeSpelled(value));

/** Reads a text that is known to be JSON. */
function build(text: string): unknown {
  let at = 0;

  /** The code of the next character that is no white space; `at` is where it stands. */
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

  /** The digits, for numbers of an unusual spelling. */
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
  // A number alone has no object beside which its spelling could be kept.
  return spelled === undefined ? root : markNumber(spelled);
}

function finish(container: object, sources: ReadonlyMap<string, string>): object {
  if (sources.size === 0) return container;
  // A member of this name would be taken for the method that writes spellings.
  if (!Object.hasOwn(container, 'toJSON')) keepSpellings(container, sources);
  else for (const [name, source] of sources) define(container, name, markNumber(source));
  return container;
}

/** As JSON.parse does it: `__proto__` is a name like any other. */
const define = (object: object, name: string, value: unknown): unknown =>
  Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
