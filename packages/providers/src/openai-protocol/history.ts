import { isEmpty, isFilled, isObject, type JsonObject } from '@sluice/protocol';
import { createDistinctIds } from '../answer/distinct-ids.ts';
import { amend, amendEach } from '../json-object.ts';
import { type CallIdRule, fitCallId } from './call-ids.ts';

/** A server's rules for assistant messages of a conversation. */
export interface HistoryRules {
  readonly callIds: CallIdRule;
  /** Set if the server refuses members that OpenAI's document lacks, such as the reasoning of another provider. */
  readonly isStrict: boolean;
  /** Set if the server does not support `refusal`. */
  readonly refusesInText: boolean;
}

/**
 * Corrects assistant messages: clients send answers back with all members, even empty ones, and servers refuse some of
 * these.
 *
 * @returns the same list if nothing had to be changed
 */
export function amendHistory(messages: readonly unknown[], rules: HistoryRules): readonly unknown[] {
  let turn: Turn | undefined;
  return amendEach(messages, (message) => {
    if (message['role'] === 'assistant') {
      const said = amendAnswer(message, rules);
      const { tool_calls: calls } = said;
      if (!Array.isArray(calls)) return said;
      const begun = createTurn(rules.callIds);
      turn = begun;
      return amend(said, { tool_calls: amendEach(calls, (call) => amend(call, { id: begun.call(call['id']) })) });
    }
    if (message['role'] !== 'tool') return message;
    turn ??= createTurn(rules.callIds);
    return amend(message, { tool_call_id: turn.result(message['tool_call_id']) });
  });
}

/** Members of an answer that are removed if they are empty. */
const emptied = ['tool_calls', 'function_call', 'audio', 'annotations', 'refusal'];
/** Members of answers that OpenAI's document lacks. */
const extras = [
  'reasoning_content',
  'reasoning',
  'reasoning_details',
  'content_parts',
  'annotations',
  'web_search',
  'native_finish_reason',
];

function amendAnswer(message: JsonObject, { isStrict, refusesInText }: HistoryRules): JsonObject {
  const gone = [
    ...emptied.filter((name) => name in message && isEmpty(message[name])),
    ...(isStrict ? extras.filter((name) => name in message) : []),
  ];
  const { audio, refusal } = message;
  const said = amend(message, {
    ...Object.fromEntries(gone.map((name) => [name, undefined])),
    // An answer contains the audio itself, a request only its id.
    ...(isObject(audio) && isFilled(audio['id']) && Object.keys(audio).length > 1
      ? { audio: { id: audio['id'] } }
      : {}),
    ...(refusesInText && isFilled(refusal) ? { refusal: undefined } : {}),
  });
  return amend(said, { content: contentOf(said, refusesInText ? refusal : undefined) });
}

/** Returns the content: a message without content and calls needs one, even if it is ''. */
function contentOf(message: JsonObject, refusal: unknown): unknown {
  const { content } = message;
  if (!isEmpty(content)) return content;
  if (isFilled(refusal)) return refusal;
  const doesSomething = ['tool_calls', 'function_call', 'audio', 'refusal'].some((name) => !isEmpty(message[name]));
  if (!doesSomething) return '';
  return Array.isArray(content) ? null : content;
}

/** Tool calls of one message and the results that follow. */
interface Turn {
  call(id: unknown): unknown;
  result(id: unknown): unknown;
}

/** Assigns ids. The first result with an id belongs to the first call with it, and so on. */
function createTurn(rule: CallIdRule): Turn {
  const ids = createDistinctIds();
  const named = new Map<string, string[]>();
  const results = new Map<string, number>();

  return {
    call(given) {
      if (typeof given !== 'string') return given;
      const id = fitCallId(ids.take(given === '' ? 'call' : given), rule);
      named.set(given, [...(named.get(given) ?? []), id]);
      return id;
    },
    result(given) {
      if (typeof given !== 'string') return given;
      const calls = named.get(given) ?? [];
      const at = results.get(given) ?? 0;
      results.set(given, at + 1);
      return calls[at] ?? calls.at(-1) ?? fitCallId(given, rule);
    },
  };
}
