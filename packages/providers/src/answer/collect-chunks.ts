import {
  type ChatChunk,
  chatChunkSchema,
  isFilled,
  isObject,
  membersOf,
  type Usage,
  writeLossless,
} from '@sluice/protocol';
import { parseText } from '../parse-text.ts';

/** Collects the chunks of a stream into a whole answer. */
export interface ChunkCollector {
  /** Takes server-sent events in the form that a translator writes. */
  add(sse: string): void;
  /** Returns the whole answer as JSON text. */
  toCompletion(usage: Usage | undefined): string;
}

interface CollectedChoice {
  readonly message: Record<string, unknown>;
  readonly toolCalls: Map<number, Record<string, unknown>>;
  finishReason: string | null;
  readonly logprobs: Record<string, unknown[]>;
}

export function createChunkCollector(): ChunkCollector {
  const choices = new Map<number, CollectedChoice>();
  let head: Record<string, unknown> = {};

  function take({ choices: given, usage: _usage, object: _object, ...rest }: ChatChunk): void {
    head = { ...rest, ...head };
    for (const { index, delta, finish_reason: finishReason, logprobs } of given) {
      const choice = choiceAt(index ?? 0);
      if (delta !== null && delta !== undefined) addDelta(choice, delta);
      choice.finishReason = finishReason ?? choice.finishReason;
      if (isObject(logprobs)) append(choice.logprobs, logprobs);
    }
  }

  function choiceAt(index: number): CollectedChoice {
    const found = choices.get(index);
    if (found !== undefined) return found;
    const choice = { message: {}, toolCalls: new Map(), finishReason: null, logprobs: {} };
    choices.set(index, choice);
    return choice;
  }

  return {
    add(sse) {
      for (const event of sse.split('\n\n')) {
        const data = event.split('\n').map((line) => line.replace(/^data: ?/, ''));
        const chunk = parseText(chatChunkSchema, data.join('\n'));
        if (chunk !== undefined) take(chunk);
      }
    },
    toCompletion: (usage) =>
      writeLossless({
        ...head,
        object: 'chat.completion',
        choices: [...choices].sort(([a], [b]) => a - b).map(([index, choice]) => toChoice(index, choice)),
        ...(usage === undefined ? {} : { usage }),
      }),
  };
}

function toChoice(index: number, { message, toolCalls, finishReason, logprobs }: CollectedChoice): object {
  const calls = [...toolCalls].sort(([a], [b]) => a - b).map(([, call]) => toCall(call));
  return {
    index,
    message: {
      role: 'assistant',
      content: null,
      refusal: null,
      ...message,
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
    },
    logprobs: Object.keys(logprobs).length === 0 ? null : logprobs,
    finish_reason: finishReason,
  };
}

function addDelta({ message, toolCalls }: CollectedChoice, delta: Readonly<Record<string, unknown>>): void {
  const { tool_calls: calls, role: _role, ...rest } = delta;
  append(message, rest);
  if (!Array.isArray(calls)) return;
  for (const piece of calls) {
    const { index, ...call } = membersOf(piece);
    const at = typeof index === 'number' ? index : toolCalls.size;
    const begun = toolCalls.get(at) ?? {};
    append(begun, call);
    toolCalls.set(at, begun);
  }
}

/** Objects that arrive in pieces; their text members are concatenated. */
const inPieces: ReadonlySet<string> = new Set(['function', 'custom', 'function_call', 'audio']);
/** Texts that are not concatenated; the first value counts. */
const names: ReadonlySet<string> = new Set(['id', 'type', 'name']);

/** Adds members: texts and lists grow, for other values the latest counts. */
function append(target: Record<string, unknown>, more: object): void {
  for (const [name, value] of Object.entries(more)) {
    const before = target[name];
    if (value === null || value === undefined) continue;
    if (inPieces.has(name) && isObject(value)) {
      const pieces = isObject(before) ? { ...before } : {};
      append(pieces, value);
      target[name] = pieces;
    } else if (names.has(name)) target[name] = isFilled(before) ? before : value;
    else if (typeof before === 'string' && typeof value === 'string') target[name] = before + value;
    else if (Array.isArray(before) && Array.isArray(value)) target[name] = [...before, ...value];
    else target[name] = value;
  }
}

/** Returns a tool call with all required members, so that clients can send it back. */
function toCall(call: Readonly<Record<string, unknown>>): object {
  const { id, type, function: called, custom } = call;
  if (!isObject(called) && isObject(custom)) return { ...call, id: id ?? '', type: type ?? 'custom' };
  return {
    ...call,
    id: id ?? '',
    type: type ?? 'function',
    function: { ...(isObject(called) ? called : {}), ...withTexts(called, ['name', 'arguments']) },
  };
}

const withTexts = (object: unknown, members: readonly string[]): object =>
  Object.fromEntries(
    members.map((name) => [name, isObject(object) && typeof object[name] === 'string' ? object[name] : '']),
  );
