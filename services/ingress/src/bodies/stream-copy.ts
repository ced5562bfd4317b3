import { eventsOf, isObject } from '@sluice/protocol';
import type { AnswerCopy } from './answer-copy.ts';
import { readNative } from './read-native.ts';
import { withoutLastWord } from './mask.ts';

type Members = Record<string, unknown>;

/** About what a new member takes beside its texts. */
const memberBytes = 16;
/** Texts that come whole in one piece. */
const names: ReadonlySet<string> = new Set(['role', 'id', 'type', 'object', 'model', 'finish_reason']);

/**
 * Puts the events of a stream together to one answer, as if it were a whole one: a secret in pieces would not be found, and the
 * events are several times as long.
 */
export function copyStream(mostBytes: number): AnswerCopy {
  const answer: Members = {};
  const choices: unknown[] = [];
  /** Blocks of an answer of Anthropic's, or candidates of Gemini's, which was passed on in its own form. */
  const native = { content: [] as unknown[], candidates: [] as unknown[] };
  let held = 0;
  let sizeBytes = 0;
  let isCut = false;

  /** Adds a piece of an object: texts and lists grow, everything else is replaced. */
  function merge(into: Members, piece: Members): void {
    for (const [name, value] of Object.entries(piece)) {
      if (name === '__proto__' || value === null) continue;
      const known = Object.hasOwn(into, name) ? into[name] : undefined;
      if (known === undefined) held += name.length + memberBytes;
      into[name] = joined(known, value, names.has(name));
    }
  }

  function joined(known: unknown, value: unknown, isName: boolean): unknown {
    if (typeof value === 'string') {
      held += value.length;
      return typeof known === 'string' && !isName ? known + value : value;
    }
    if (Array.isArray(value)) {
      const list: unknown[] = Array.isArray(known) ? known : [];
      for (const item of value as unknown[]) mergeItem(list, item);
      return list;
    }
    if (!isObject(value)) return value;
    const members: Members = isObject(known) ? known : {};
    merge(members, value);
    return members;
  }

  /** Items with the same `index` are pieces of one. */
  function mergeItem(list: unknown[], item: unknown): void {
    const index = isObject(item) ? item['index'] : undefined;
    const same = index === undefined ? undefined : list.find((each) => isObject(each) && each['index'] === index);
    if (isObject(same) && isObject(item)) return merge(same, item);
    held += memberBytes;
    list.push(joined(undefined, item, false));
  }

  function addEvent(data: string): void {
    const { choices: pieces, ...members } = parsed(data);
    const { rest, list, items } = readNative(members);
    if (list !== undefined) for (const item of items) mergeItem(native[list], item);
    // The last value counts: of the usage, or an error.
    for (const [name, value] of Object.entries(rest)) if (value !== null && name !== '__proto__') answer[name] = value;
    for (const piece of Array.isArray(pieces) ? (pieces as unknown[]) : []) {
      if (!isObject(piece)) continue;
      const { index = 0, delta, ...others } = piece;
      mergeItem(choices, { index, ...others, ...(isObject(delta) ? { message: delta } : {}) });
    }
  }

  return {
    add(piece) {
      sizeBytes += Buffer.byteLength(piece);
      if (isCut) return 0;
      const before = held;
      for (const { data } of eventsOf(piece)) addEvent(data);
      isCut = held > mostBytes;
      return held - before;
    },
    stop: () => void (isCut = true),
    text() {
      if (sizeBytes === 0) return undefined;
      const object = answer['object'] === 'chat.completion.chunk' ? { object: 'chat.completion' } : {};
      const lists = Object.entries({ choices, ...native }).filter(([, list]) => list.length > 0);
      const whole = { ...answer, ...object, ...Object.fromEntries(lists) };
      return isCut ? JSON.stringify(whole, cutText) : JSON.stringify(whole);
    },
    get sizeBytes() {
      return sizeBytes;
    },
    get isCut() {
      return isCut;
    },
  };
}

const cutText = (name: string, value: unknown): unknown =>
  typeof value === 'string' && !names.has(name) ? withoutLastWord(value) : value;

function parsed(data: string): Members {
  try {
    const value: unknown = JSON.parse(data);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}
