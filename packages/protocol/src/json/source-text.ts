import { parseLossless, writeLossless } from './lossless.ts';
import { marker } from './marks.ts';
import { endOfNumber, endOfString, isIntegerName, isPlainNumber, isSpace } from './scan.ts';
import { isObject, itemsOf, type JsonObject } from './values.ts';

/*
 * A large body mostly reaches the provider as it came, with another `model`. To write its objects again takes several
 * times as long as to replace the value in the text that they were parsed from, and a second copy of the text.
 */

/** The text of an object, and what one pass over it has found. */
class SourceText {
  readonly text: string;
  /** The top-level members in their order. */
  readonly places: readonly MemberPlace[];
  /** Number of members of all objects; repeated names count each time. */
  readonly members: number;
  /** `JSON.parse` and `JSON.stringify` would reproduce all names and numbers: see `isPlainJson`. */
  readonly isPlain: boolean;

  constructor(text: string, { places, members, isPlain }: Pick<SourceText, 'places' | 'members' | 'isPlain'>) {
    this.text = text;
    this.places = places;
    this.members = members;
    this.isPlain = isPlain;
  }
}

/** The place of a top-level member in the text. */
interface MemberPlace {
  readonly name: string;
  /** Index of the quote before the name. */
  readonly start: number;
  /** Index of the value's first character. */
  readonly value: number;
  /** Index after the value's last character. */
  readonly end: number;
}

/** Length, in characters, from which the pass over a text costs less than it saves. */
const longText = 4096;

const source = Symbol('source');

/**
 * Does the same as `parseLossless`. A long object remembers its text for {@link writeChanged}; copies of the object do
 * not, because they may be changed.
 * @throws SyntaxError if the text is not JSON
 */
export function parseWithSource(text: string): unknown {
  const found = text.length < longText ? undefined : survey(text);
  const value: unknown = found?.isPlain === true ? JSON.parse(text) : parseLossless(text);
  if (found !== undefined && isObject(value)) Object.defineProperty(value, source, { value: found });
  return value;
}

/**
 * Writes a copy of an object with these members as `writeLossless` does; undefined members are left out. Edits the text
 * of the object if it is known. The object must not have been changed since it was parsed.
 */
export function writeChanged(object: JsonObject, changes: JsonObject): string {
  const known: unknown = Reflect.get(object, source);
  const edited = known instanceof SourceText ? edit(known, object, changes) : undefined;
  return edited ?? writeLossless({ ...object, ...changes });
}

/**
 * Looks over the text of an object once. Returns undefined for a text that `writeLossless` would change: with white
 * space between its values, or with escapes that JSON does not need. The result is meaningless for invalid JSON.
 */
function survey(text: string): SourceText | undefined {
  // Escapes of other characters are the shortest that JSON has, and are written again as they are.
  if (text.charCodeAt(0) !== openBrace || text.includes('\\u') || text.includes('\\/') || text.includes(marker)) {
    return undefined;
  }
  const places: MemberPlace[] = [];
  let isPlain = true;
  let members = 0;
  let depth = 0;
  let start = 0;
  let name = '';
  let value = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      const end = endOfString(text, at + 1);
      if (text.charCodeAt(end + 1) === colon) {
        members++;
        if (isDigit(text.charCodeAt(at + 1)) && isIntegerName(text.slice(at + 1, end))) isPlain = false;
        if (depth === 1) {
          start = at;
          name = text.slice(at + 1, end);
          value = end + 2;
        }
        at = end + 1;
      } else {
        at = end;
      }
    } else if (isDigit(code) || code === minus) {
      const end = endOfNumber(text, at);
      if (!isPlainNumber(text, at, end)) isPlain = false;
      at = end - 1;
    } else if (code === openBrace || code === openBracket) {
      depth++;
    } else if (code === comma) {
      if (depth === 1) places.push({ name, start, value, end: at });
    } else if (code === closeBrace || code === closeBracket) {
      depth--;
      if (depth === 0 && value > 0) places.push({ name, start, value, end: at });
    } else if (isSpace(code)) {
      return undefined;
    }
  }
  return new SourceText(text, { places, members, isPlain });
}

const quote = 0x22;
const comma = 0x2c;
const minus = 0x2d;
const colon = 0x3a;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;

function edit({ text, members, places }: SourceText, object: JsonObject, changes: JsonObject): string | undefined {
  // JavaScript would move such a name to the front.
  if (Object.keys(changes).some(isIntegerName)) return undefined;
  // A name that is repeated somewhere is written once; a lone half of a pair of characters is written as an escape.
  if (membersIn(object) !== members || !text.isWellFormed()) return undefined;
  let result = '';
  let done = 0;
  let isFirst = true;
  for (const { name, start, value, end } of places) {
    // Such a name may be in `changes` by its other spelling.
    if (name.includes('\\')) return undefined;
    if (!Object.hasOwn(changes, name) || Object.is(object[name], changes[name])) {
      isFirst = false;
      continue;
    }
    const written = writeMember(changes[name]);
    if (written === undefined) {
      // With the comma before the member, or, for the first, the comma after it.
      result += text.slice(done, isFirst ? start : start - 1);
      done = isFirst && text.charCodeAt(end) === comma ? end + 1 : end;
    } else {
      result += text.slice(done, value) + written;
      done = end;
      isFirst = false;
    }
  }
  const more = appended(object, changes, isFirst);
  return more === '' ? result + text.slice(done) : `${result}${text.slice(done, -1)}${more}}`;
}

/** The members that the object does not have yet. */
function appended(object: JsonObject, changes: JsonObject, isFirst: boolean): string {
  let result = '';
  for (const name of Object.keys(changes)) {
    if (Object.hasOwn(object, name)) continue;
    const written = writeMember(changes[name]);
    if (written === undefined) continue;
    result += `${isFirst && result === '' ? '' : ','}${JSON.stringify(name)}:${written}`;
  }
  return result;
}

/** Writes a value as it is written within an object; undefined for one that is left out. */
function writeMember(value: unknown): string | undefined {
  return value === undefined ? undefined : writeLossless([value]).slice(1, -1);
}

/** Counts the members of all objects in a value. */
function membersIn(value: unknown): number {
  let members = 0;
  if (isObject(value)) for (const name of Object.keys(value)) members += 1 + membersIn(value[name]);
  else for (const item of itemsOf(value)) members += membersIn(item);
  return members;
}
