import { writeLossless } from '@sluice/protocol';
import type { CallNames } from '../../answer/call-names.ts';
import { amend, amendEach, isFilled, isObject, type JsonObject } from '../../json-object.ts';

/** The calls of one choice, as they come in a stream. */
export interface ToolCallStream {
  /** Pieces with index and id where OpenAI has them; the very same list where they had them all. */
  amend(pieces: readonly unknown[]): unknown;
  readonly hasCalls: boolean;
  /** The provider counts otherwise than OpenAI: pieces that say only an index can't pass as they are. */
  readonly isRenumbered: boolean;
}

interface BegunCall {
  /** What the provider calls it. */
  readonly index: unknown;
  readonly id: string;
  isNamed: boolean;
}

export function createToolCallStream(nameOf: CallNames): ToolCallStream {
  const calls: BegunCall[] = [];
  let isRenumbered = false;

  function amendPiece(piece: JsonObject): JsonObject {
    const found = findCall(piece);
    const at = found === -1 ? begin(piece) : found;
    isRenumbered ||= piece['index'] !== at;
    return found === -1 ? amendFirst(piece, at) : amendNext(piece, at);
  }

  function begin(piece: JsonObject): number {
    const { index, id } = piece;
    return calls.push({ index, id: isFilled(id) ? id : nameOf(calls.length), isNamed: isNamed(piece) }) - 1;
  }

  /** The call that a piece goes on with; -1 for a piece that begins one. */
  function findCall(piece: JsonObject): number {
    const { index, id } = piece;
    const isBegun = isNamed(piece);
    const byId = isFilled(id) ? calls.findLastIndex((call) => call.id === id) : -1;
    const byIndex = typeof index === 'number' ? calls.findLastIndex((call) => call.index === index) : -1;
    if (byId !== -1) return byId;
    // Some servers count all calls as 0; others make up a new id for every piece, but name the function once.
    if (byIndex !== -1) return isBegun && isFilled(id) ? -1 : byIndex;
    return isBegun || isFilled(id) ? -1 : calls.length - 1;
  }

  const amendFirst = (piece: JsonObject, index: number): JsonObject =>
    amend(piece, { index, ...wholeMembers(piece, calls[index]?.id, '') });

  function amendNext(piece: JsonObject, index: number): JsonObject {
    const { type, function: called } = piece;
    const call = calls[index];
    const mayName = call?.isNamed === false;
    if (call !== undefined) call.isNamed ||= isNamed(piece);
    return amend(piece, {
      index,
      id: undefined,
      type: isFilled(type) ? type : undefined,
      ...(isObject(called) ? { function: amendContinued(called, mayName) } : {}),
    });
  }

  return {
    amend: (pieces) => amendEach(pieces, amendPiece),
    get hasCalls() {
      return calls.length > 0;
    },
    get isRenumbered() {
      return isRenumbered;
    },
  };
}

/** Clients join what the pieces say: a name that is repeated would double. */
const amendContinued = (called: JsonObject, mayName: boolean): JsonObject =>
  amend(called, { name: mayName ? called['name'] : undefined, arguments: toText(called['arguments']) });

const isNamed = ({ function: called }: JsonObject): boolean => isObject(called) && isFilled(called['name']);

/** The calls of a whole answer. */
export const amendCalls = (calls: readonly unknown[], nameOf: CallNames): unknown =>
  amendEach(calls, (call, at) => amend(call, wholeMembers(call, nameOf(at), '{}')));

function wholeMembers({ id, type, function: called }: JsonObject, made: unknown, noArguments: string): JsonObject {
  const named = isFilled(id) ? id : made;
  // A call of a custom tool has its input elsewhere.
  if (!isObject(called)) return { id: named };
  const given = toText(called['arguments']);
  return {
    id: named,
    type: isFilled(type) ? type : 'function',
    function: amend(called, { arguments: isFilled(given) ? given : noArguments }),
  };
}

function toText(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined;
  return typeof value === 'string' ? value : writeLossless(value);
}
