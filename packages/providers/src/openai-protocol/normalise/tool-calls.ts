import { isFilled, isObject, type JsonObject, writeLossless } from '@sluice/protocol';
import type { CallNames } from '../../answer/call-names.ts';
import { createDistinctIds } from '../../answer/distinct-ids.ts';
import { amend, amendEach, parseObject } from '../../json-object.ts';

/** Tool calls of one choice, in a stream. */
export interface ToolCallStream {
  /** Returns the pieces with index and id in OpenAI's form; the same list if nothing had to be changed. */
  amend(pieces: readonly unknown[]): readonly unknown[];
  hasCalls(): boolean;
  /**
   * Returns whether the provider numbers calls differently from OpenAI: pieces that carry only an index then can't pass
   * unchanged.
   */
  isRenumbered(): boolean;
}

interface BegunCall {
  /** Index that the provider gives the call. */
  readonly index: unknown;
  readonly givenId: unknown;
  /** Id that the client receives. */
  readonly id: string;
  /** Number of the latest list of pieces that contained a piece of this call. */
  list: number;
  name: unknown;
  /** Arguments that were inspected so far; clean pieces in the middle of a call are not. */
  text: string;
}

export function createToolCallStream(nameOf: CallNames): ToolCallStream {
  const calls: BegunCall[] = [];
  const ids = createDistinctIds();
  let isRenumbered = false;
  let list = 0;

  function amendPiece(piece: JsonObject): JsonObject {
    const found = findCall(piece);
    const at = found === -1 ? begin(piece) : found;
    isRenumbered ||= piece['index'] !== at;
    return found === -1 ? amendFirst(piece, at) : amendNext(piece, at);
  }

  function begin(piece: JsonObject): number {
    const { index, id: givenId } = piece;
    const id = ids.take(isFilled(givenId) ? givenId : nameOf(calls.length));
    return calls.push({ index, givenId, id, list, name: nameIn(piece), text: argumentsIn(piece) }) - 1;
  }

  /** Returns the index of the call that a piece continues; -1 for a piece that begins one. */
  function findCall(piece: JsonObject): number {
    const { index, id } = piece;
    const hasIndex = typeof index === 'number';
    const name = nameIn(piece);
    const byIndex = hasIndex ? calls.findLastIndex((call) => call.index === index) : -1;
    const byBoth = isFilled(id) ? calls.findLastIndex((call) => call.givenId === id && call.index === index) : -1;
    const byId = isFilled(id) ? calls.findLastIndex((call) => call.givenId === id) : -1;
    const found = byBoth === -1 ? byId : byBoth;
    if (found !== -1) return beginsAnother(found, piece, hasIndex && byIndex === -1) ? -1 : found;
    // Some servers number all calls 0; others make up a new id for every piece, but name the function once.
    if (byIndex !== -1)
      return name !== undefined && (isFilled(id) || beginsAnother(byIndex, piece, false)) ? -1 : byIndex;
    return name !== undefined || isFilled(id) ? -1 : calls.length - 1;
  }

  /**
   * Returns whether a piece with a known id or index begins another call: if its index is new, if its name differs, if
   * the known call already had a piece in this list (a name that is only repeated comes in a later one), or if the
   * arguments of both are complete.
   */
  function beginsAnother(at: number, piece: JsonObject, isNewIndex: boolean): boolean {
    const call = calls[at];
    const name = nameIn(piece);
    if (name === undefined || call?.name === undefined) return false;
    if (isNewIndex || call.name !== name || call.list === list) return true;
    return parseObject(argumentsIn(piece)) !== undefined && parseObject(call.text) !== undefined;
  }

  const amendFirst = (piece: JsonObject, index: number): JsonObject =>
    amend(piece, { index, ...wholeMembers(piece, calls[index]?.id, '') });

  function amendNext(piece: JsonObject, index: number): JsonObject {
    const { type, function: called } = piece;
    const call = calls[index];
    const mayName = call?.name === undefined;
    if (call !== undefined) {
      call.name ??= nameIn(piece);
      call.list = list;
      call.text += argumentsIn(piece);
    }
    return amend(piece, {
      index,
      id: undefined,
      type: isFilled(type) ? type : undefined,
      ...(isObject(called) ? { function: amendContinued(called, mayName) } : {}),
    });
  }

  return {
    amend(pieces) {
      list++;
      return amendEach(pieces, amendPiece);
    },
    hasCalls: () => calls.length > 0,
    isRenumbered: () => isRenumbered,
  };
}

/** Removes a repeated name: clients concatenate the pieces, which would double it. */
const amendContinued = (called: JsonObject, mayName: boolean): JsonObject =>
  amend(called, { name: mayName ? called['name'] : undefined, arguments: toText(called['arguments']) });

function nameIn({ function: called, custom }: JsonObject): string | undefined {
  const name = [called, custom].map((holder) => (isObject(holder) ? holder['name'] : undefined)).find(isFilled);
  return name;
}

const argumentsIn = ({ function: called }: JsonObject): string =>
  (isObject(called) ? toText(called['arguments']) : undefined) ?? '';

/** Corrects the calls of a whole answer. */
export function amendCalls(calls: readonly unknown[], nameOf: CallNames): readonly unknown[] {
  const ids = createDistinctIds();
  return amendEach(calls, (call, at) => {
    const { id } = call;
    const named = wholeMembers(call, ids.take(isFilled(id) ? id : nameOf(at)), '{}');
    return amend(call, { ...named, ...(isObject(call['function']) ? withName(named['function']) : {}) });
  });
}

/**
 * Adds an empty name to a call without one. The call can't be executed, but must fit the schema when the client sends
 * it back.
 */
function withName(called: unknown): JsonObject {
  return isObject(called) && typeof called['name'] !== 'string' ? { function: { ...called, name: '' } } : {};
}

function wholeMembers({ type, function: called, custom }: JsonObject, id: unknown, noArguments: string): JsonObject {
  // A call of a custom tool has its input in another member.
  if (!isObject(called)) return { id, ...(isFilled(type) || !isObject(custom) ? {} : { type: 'custom' }) };
  const given = toText(called['arguments']);
  return {
    id,
    type: isFilled(type) ? type : 'function',
    function: amend(called, { arguments: isFilled(given) ? given : noArguments }),
  };
}

function toText(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined;
  return typeof value === 'string' ? value : writeLossless(value);
}
