import type { AnswerIdentity } from '../../answer/chunk-writer.ts';
import type { CallPlan, ChatBody } from '../../adapter.ts';
import { type ChoiceEnd, endByItself, forcesCall, readEnd } from './finish-reason.ts';
import { namesOf } from '../../answer/names.ts';
import { amendHead } from './head.ts';
import { amend, amendEach, isFilled, isObject, type JsonObject } from '../../json-object.ts';
import { amendLogprobs, amendTexts, withoutNulls } from './message.ts';
import { createThinkTagSplitter, type Thought, type ThinkTagSplitter } from '../../answer/think-tags.ts';
import { callNames } from '../../answer/call-names.ts';
import { createToolCallStream, type ToolCallStream } from './tool-calls.ts';

const chunkObject = 'chat.completion.chunk';
const roles: readonly unknown[] = ['developer', 'system', 'user', 'assistant', 'tool', undefined];

/** Makes of one stream's chunks what OpenAI's document says. */
export interface ChunkNormaliser {
  /** The very same chunk where nothing was wrong with it. It has a list of choices; those that end are told to `onEnd`. */
  amend(chunk: JsonObject, onEnd: (index: number, end: ChoiceEnd) => void): JsonObject;
  /** The choices that have begun and not ended, each with its end: for a stream that is complete and does not say why. */
  endOpenChoices(onEnd: (index: number, end: ChoiceEnd) => void): JsonObject | undefined;
  readonly hasOpenChoices: boolean;
  /** A chunk without choices. */
  withUsage(usage: unknown): JsonObject;
  /** Chunks that look clean need amending too. */
  readonly needsAll: boolean;
}

export interface ChunkNormaliserOptions {
  readonly body: ChatBody;
  readonly plan: CallPlan;
  /** Thoughts stand in the content, between tags. */
  readonly hasThinkTags: boolean;
  /** What stands in place of a usage that is told at the end of the stream. */
  readonly noUsage: null | undefined;
}

interface ChoiceState {
  readonly calls: ToolCallStream;
  readonly splitter: ThinkTagSplitter | undefined;
  hasBegun: boolean;
  isFinished: boolean;
}

export function createChunkNormaliser(options: ChunkNormaliserOptions): ChunkNormaliser {
  const { body, plan, hasThinkTags, noUsage } = options;
  const choiceStates = new Map<number, ChoiceState>();
  const isForcedCall = forcesCall(body['tool_choice']);
  const made = namesOf(plan);
  /** Taken from the first chunk that has them, for those that have none. */
  let names: Partial<AnswerIdentity> = {};

  function stateOf(index: number): ChoiceState {
    const found = choiceStates.get(index);
    if (found !== undefined) return found;
    const state = {
      calls: createToolCallStream(callNames(plan.requestId, index)),
      splitter: hasThinkTags && !plan.keepsThinkingMarkup ? createThinkTagSplitter() : undefined,
      hasBegun: false,
      isFinished: false,
    };
    choiceStates.set(index, state);
    return state;
  }

  function head(chunk: JsonObject): JsonObject {
    const amended = amendHead(chunk, chunkObject, { ...made, ...names });
    const { id, created, model } = amended as AnswerIdentity & JsonObject;
    names = { id, created, model, ...names };
    return amended;
  }

  function amendChoice(choice: JsonObject, at: number): { readonly choice: JsonObject; readonly end: ChoiceEnd } {
    const index = typeof choice['index'] === 'number' ? choice['index'] : at;
    const state = stateOf(index);
    const delta = amendDelta(deltaOf(choice, state), state);
    const end = readEnd(choice['finish_reason'], { hasToolCalls: state.calls.hasCalls, isForcedCall });
    const reason = end.kind === 'finished' ? end.reason : null;
    const amended = amend(choice, {
      index,
      delta: end.kind === 'finished' ? withThought(delta, state.splitter?.end()) : delta,
      finish_reason: reason,
      ...ownWord(choice, reason),
      message: undefined,
      ...('logprobs' in choice ? { logprobs: amendLogprobs(choice['logprobs']) } : {}),
    });
    state.isFinished ||= end.kind === 'finished';
    return { choice: amended, end };
  }

  return {
    amend(chunk, onEnd) {
      const choices = amendEach(chunk['choices'] as readonly unknown[], (given, at) => {
        const { choice, end } = amendChoice(given, at);
        if (end.kind !== 'open') onEnd(choice['index'] as number, end);
        return choice;
      });
      return amend(head(chunk), { choices, usage: isObject(chunk['usage']) ? noUsage : chunk['usage'] });
    },
    endOpenChoices(onEnd) {
      const open = [...choiceStates].filter(([, { isFinished }]) => !isFinished);
      if (open.length === 0) return undefined;
      const choices = open.map(([index, state]) => {
        const reason = endByItself({ hasToolCalls: state.calls.hasCalls, isForcedCall });
        state.isFinished = true;
        onEnd(index, { kind: 'finished', reason });
        return { index, delta: withThought({}, state.splitter?.end()), logprobs: null, finish_reason: reason };
      });
      return head({ choices });
    },
    get hasOpenChoices() {
      return [...choiceStates.values()].some(({ isFinished }) => !isFinished);
    },
    withUsage: (usage) => head({ choices: [], usage }),
    get needsAll() {
      return hasThinkTags || [...choiceStates.values()].some(({ calls }) => calls.isRenumbered);
    },
  };
}

/** Some servers end with the whole message once more; as the first that they say it is the delta. */
function deltaOf({ delta, message }: JsonObject, { hasBegun }: ChoiceState): JsonObject {
  if (isObject(delta)) return delta;
  return isObject(message) && !hasBegun ? message : {};
}

function amendDelta(delta: JsonObject, state: ChoiceState): JsonObject {
  const { calls, splitter, hasBegun } = state;
  const texts = amendTexts(withoutNulls(delta, ['role', 'tool_calls', 'function_call']), splitter?.push);
  const { role, tool_calls: pieces } = texts;
  state.hasBegun = true;
  return amend(texts, {
    // OpenAI's own client refuses an answer in which nobody says who speaks.
    role: roles.includes(role) && (hasBegun || role !== undefined) ? role : 'assistant',
    tool_calls: Array.isArray(pieces) && pieces.length > 0 ? calls.amend(pieces) : undefined,
  });
}

function withThought(delta: JsonObject, held: Thought | undefined): JsonObject {
  if (held === undefined) return delta;
  const { content, reasoning_content: reasoning } = delta;
  const add = (before: unknown, more: string): unknown =>
    more === '' ? before : (isFilled(before) ? before : '') + more;
  return amend(delta, { content: add(content, held.text), reasoning_content: add(reasoning, held.thought) });
}

/** The provider's word for the end, where it is not OpenAI's: under the name that OpenRouter gives it. */
export function ownWord({ finish_reason: word, native_finish_reason: own }: JsonObject, reason: unknown): JsonObject {
  return isFilled(word) && reason !== null && word !== reason && own === undefined
    ? { native_finish_reason: word }
    : {};
}
