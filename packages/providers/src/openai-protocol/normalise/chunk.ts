import { type ChatBody, isFilled, isObject, itemsOf, type JsonObject } from '@sluice/protocol';
import type { CallPlan } from '../../adapter.ts';
import { type ChoiceEnd, endByItself, forcesCall, readEnd } from './finish-reason.ts';
import { namesOf } from '../../answer/names.ts';
import { createHeads } from './head.ts';
import { createSpeech, type Speech } from './speech.ts';
import { amend, saysMoreThan } from '../../json-object.ts';
import { amendLogprobs, amendTexts, withoutNulls } from './message.ts';
import { createThinkTagSplitter, type SplitText, type ThinkTagSplitter } from '../../answer/think-tags.ts';
import { callNames } from '../../answer/call-names.ts';
import { createToolCallStream, type ToolCallStream } from './tool-calls.ts';

const roles: readonly unknown[] = ['developer', 'system', 'user', 'assistant', 'tool'];

/** Converts the chunks of one stream to the form that OpenAI documents. */
export interface ChunkNormaliser {
  /**
   * Returns the same chunk if it is valid; undefined if no part of it remains, because it is empty or its choices have
   * ended. The result has a list of choices; calls `onEnd` for those that end.
   */
  amend(chunk: JsonObject, onEnd: (index: number, end: ChoiceEnd) => void): JsonObject | undefined;
  /**
   * Returns a chunk that ends the choices that have begun and not ended: for a stream that is complete without a finish
   * reason.
   */
  endOpenChoices(onEnd: (index: number, end: ChoiceEnd) => void): JsonObject | undefined;
  hasOpenChoices(): boolean;
  /** Returns a chunk without choices; the same chunk if nothing had to be changed. */
  withUsage(usage: unknown, chunk?: JsonObject): JsonObject;
  /** Returns whether chunks that look clean need correction too. */
  needsAll(): boolean;
}

export interface ChunkNormaliserOptions {
  readonly body: ChatBody;
  readonly plan: CallPlan;
  /** Set if the reasoning stands in the content, between tags. */
  readonly hasThinkTags: boolean;
  /** Value that replaces a usage, which is sent at the end of the stream. */
  readonly noUsage: null | undefined;
}

interface ChoiceState {
  readonly calls: ToolCallStream;
  readonly splitter: ThinkTagSplitter | undefined;
  readonly speech: Speech;
  hasBegun: boolean;
  isFinished: boolean;
}

export function createChunkNormaliser(options: ChunkNormaliserOptions): ChunkNormaliser {
  const { body, plan, hasThinkTags, noUsage } = options;
  const choiceStates = new Map<number, ChoiceState>();
  const isForcedCall = forcesCall(body['tool_choice']);
  const amendHeadOf = createHeads(namesOf(plan), noUsage);

  function stateOf(index: number): ChoiceState {
    const found = choiceStates.get(index);
    if (found !== undefined) return found;
    const state = {
      calls: createToolCallStream(callNames(plan.requestId, index)),
      splitter: hasThinkTags && !plan.keepsThinkingMarkup ? createThinkTagSplitter() : undefined,
      speech: createSpeech(),
      hasBegun: false,
      isFinished: false,
    };
    choiceStates.set(index, state);
    return state;
  }

  /** Returns undefined if no part of the choice remains. */
  function amendChoice(choice: JsonObject, at: number, onEnd: (index: number, end: ChoiceEnd) => void) {
    const index = typeof choice['index'] === 'number' ? choice['index'] : at;
    const state = stateOf(index);
    if (state.isFinished) return undefined;
    const wasBegun = state.hasBegun;
    const delta = amendDelta(state.speech.deltaOf(choice), state);
    const end = readEnd(choice['finish_reason'], { hasToolCalls: state.calls.hasCalls(), isForcedCall });
    const reason = end.kind === 'finished' ? end.reason : null;
    const amended = amend(choice, {
      index,
      delta: end.kind === 'finished' ? withHeldText(delta, state.splitter?.end()) : delta,
      finish_reason: reason,
      ...ownWord(choice, reason),
      message: undefined,
      text: undefined,
      ...('logprobs' in choice ? { logprobs: amendLogprobs(choice['logprobs']) } : {}),
    });
    state.isFinished ||= end.kind === 'finished';
    if (end.kind !== 'open') onEnd(index, end);
    if (end.kind === 'open' && !saysSomething(amended) && wasBegun && !saysMoreThan(surrounding, amended))
      return undefined;
    return amended;
  }

  return {
    amend(chunk, onEnd) {
      const given = itemsOf(chunk['choices']);
      const amended = given.map((choice, at) => amendChoice(isObject(choice) ? choice : {}, at, onEnd));
      const left = amended.filter((choice) => choice !== undefined);
      if (left.length === 0) return undefined;
      const isSame = left.length === given.length && left.every((choice, at) => choice === given[at]);
      return amendHeadOf(chunk, { choices: isSame ? given : left });
    },
    endOpenChoices(onEnd) {
      const open = [...choiceStates].filter(([, { isFinished }]) => !isFinished);
      if (open.length === 0) return undefined;
      const choices = open.map(([index, state]) => {
        const reason = endByItself({ hasToolCalls: state.calls.hasCalls(), isForcedCall });
        state.isFinished = true;
        onEnd(index, { kind: 'finished', reason });
        return { index, delta: withHeldText({}, state.splitter?.end()), logprobs: null, finish_reason: reason };
      });
      return amendHeadOf({ choices });
    },
    hasOpenChoices() {
      for (const { isFinished } of choiceStates.values()) if (!isFinished) return true;
      return false;
    },
    withUsage: (usage, chunk = {}) => amendHeadOf(chunk, { choices: chunk['choices'] ?? [], usage }),
    needsAll() {
      if (hasThinkTags) return true;
      for (const { calls, speech } of choiceStates.values()) if (calls.isRenumbered() || speech.isWhole()) return true;
      return false;
    },
  };
}

/** The role is not content. */
const silent: ReadonlySet<string> = new Set(['role']);

const saysSomething = ({ delta }: JsonObject): boolean => isObject(delta) && saysMoreThan(silent, delta);

/** Members around a delta. Other members of a choice are kept, such as a content filter's findings. */
const surrounding: ReadonlySet<string> = new Set(['index', 'delta', 'finish_reason']);

function amendDelta(delta: JsonObject, state: ChoiceState): JsonObject {
  const { calls, splitter, hasBegun } = state;
  const texts = amendTexts(withoutNulls(delta, ['role', 'tool_calls', 'function_call']), splitter?.push);
  const { role, tool_calls: pieces } = texts;
  state.hasBegun = true;
  return amend(texts, {
    // OpenAI's own client refuses an answer without a role, and concatenates repeated roles.
    role: hasBegun ? undefined : roles.includes(role) ? role : 'assistant',
    tool_calls: Array.isArray(pieces) && pieces.length > 0 ? calls.amend(pieces) : undefined,
  });
}

function withHeldText(delta: JsonObject, held: SplitText | undefined): JsonObject {
  if (held === undefined) return delta;
  const { content, reasoning_content: reasoning } = delta;
  const add = (before: unknown, more: string): unknown =>
    more === '' ? before : (isFilled(before) ? before : '') + more;
  return amend(delta, { content: add(content, held.text), reasoning_content: add(reasoning, held.thought) });
}

/** Returns the provider's own finish reason, if it is not OpenAI's, under the name that OpenRouter uses. */
export function ownWord({ finish_reason: word, native_finish_reason: own }: JsonObject, reason: unknown): JsonObject {
  return isFilled(word) && reason !== null && word !== reason && own === undefined
    ? { native_finish_reason: word }
    : {};
}
