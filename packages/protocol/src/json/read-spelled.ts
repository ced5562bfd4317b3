import { markName, markNumber, markText } from './marks.ts';
import { endOfNumber, endOfString, fateOf, isIntegerName, isSpace } from './scan.ts';
import { keepSpellings } from './spelling.ts';

/** Reads a text from its start to its end. */
interface Reader {
  readonly text: string;
  at: number;
  /** Digits of the last number read, if its spelling is unusual. */
  spelled: string | undefined;
}

/**
 * Reads JSON with the spelling of each number: see `parseLossless`.
 *
 * @param text is already known to be valid JSON
 */
export function readSpelled(text: string): unknown {
  const reader: Reader = { text, at: 0, spelled: undefined };
  const root = readValue(reader);
  // A number alone has no object that could hold its spelling.
  return reader.spelled === undefined ? root : markNumber(reader.spelled);
}

function readValue(reader: Reader): unknown {
  reader.spelled = undefined;
  switch (peek(reader)) {
    case 0x22:
      return readString(reader);
    case 0x7b:
      return readObject(reader);
    case 0x5b:
      return readArray(reader);
    case 0x74:
      reader.at += 4;
      return true;
    case 0x66:
      reader.at += 5;
      return false;
    case 0x6e:
      reader.at += 4;
      return null;
    default:
      return readNumber(reader);
  }
}

/** Returns the code of the next character that is not white space, and moves `at` to it. */
function peek(reader: Reader): number {
  while (isSpace(reader.text.charCodeAt(reader.at))) reader.at++;
  return reader.text.charCodeAt(reader.at);
}

function readString(reader: Reader): string {
  const { text, at: start } = reader;
  const end = endOfString(text, start + 1);
  reader.at = end + 1;
  const raw = text.slice(start + 1, end);
  return markText(raw.includes('\\') ? (JSON.parse(text.slice(start, end + 1)) as string) : raw);
}

function readName(reader: Reader): string {
  const name = readString(reader);
  return isIntegerName(name) ? markName(name) : name;
}

function readNumber(reader: Reader): number | string {
  const { text, at: start } = reader;
  reader.at = endOfNumber(text, start);
  const source = text.slice(start, reader.at);
  const fate = fateOf(source);
  if (fate === 'value') return markNumber(source);
  if (fate === 'spelling') reader.spelled = source;
  return Number(source);
}

function readObject(reader: Reader): object {
  const object: Record<string, unknown> = {};
  const sources = new Map<string, string>();
  reader.at++;
  while (peek(reader) !== 0x7d) {
    if (reader.text.charCodeAt(reader.at) === 0x2c) reader.at++;
    peek(reader);
    const name = readName(reader);
    peek(reader);
    reader.at++;
    const value = readValue(reader);
    note(reader, sources, name);
    if (name === '__proto__') define(object, name, value);
    else object[name] = value;
  }
  reader.at++;
  return withSpellings(object, sources);
}

function readArray(reader: Reader): object {
  const array: unknown[] = [];
  const sources = new Map<string, string>();
  reader.at++;
  while (peek(reader) !== 0x5d) {
    if (reader.text.charCodeAt(reader.at) === 0x2c) reader.at++;
    const value = readValue(reader);
    note(reader, sources, String(array.length));
    array.push(value);
  }
  reader.at++;
  return withSpellings(array, sources);
}

/** Notes the spelling of the member that was just read; a member of the same name before it does not count. */
function note(reader: Reader, sources: Map<string, string>, name: string): void {
  if (reader.spelled !== undefined) sources.set(name, reader.spelled);
  else if (sources.size > 0) sources.delete(name);
  reader.spelled = undefined;
}

/** Lets an object or array keep the spellings of its members. */
export function withSpellings(container: object, sources: ReadonlyMap<string, string>): object {
  if (sources.size === 0) return container;
  // `JSON.stringify` would call a member of this name, which is the method that writes spellings.
  if (!Object.hasOwn(container, 'toJSON')) keepSpellings(container, sources);
  else for (const [name, source] of sources) define(container, name, markNumber(source));
  return container;
}

/** Defines a member as JSON.parse does: `__proto__` is an ordinary name. */
const define = (object: object, name: string, value: unknown): unknown =>
  Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
