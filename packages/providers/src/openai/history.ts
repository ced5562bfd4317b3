import { createDistinctIds } from '../answer/distinct-ids.ts';
import { amend, amendEach, isFilled, isObject, type JsonObject, saysNothing } from '../json-object.ts';
import { type CallIdRule, fitCallId } from './call-ids.ts';

/** A server's rules for assistant messages in a conversation. */
export interface HistoryRules {
  readonly callIds: CallIdRule;
  /** It refuses members that OpenAI's document does not have, such as the thoughts of another provider. */
  readonly isStrict: boolean;
  /** It knows no `refusal`. */
  readonly refusesInText: boolean;
}

/**
 * Corrects the assistant's messages: clients send answers back with all their members, even empty ones, and servers
 * refuse some of these.
 *
 * @returns the very same list where nothing had to be done
 */
export function amendHistory(messages: readonly unknown[], rules: HistoryRules): readonly unknown[] {
  let turn = createTurn(rules.callIds);
  return amendEach(messages, (message) => {
    if (message['role'] === 'assistant') {
      const said = amendAnswer(message, rules);
      const { tool_calls: calls } = said;
      if (!Array.isArray(calls)) return said;
      turn = createTurn(rules.callIds);
      return amend(said, { tool_calls: amendEach(calls, (call) => amend(call, { id: turn.call(call['id']) })) });
    }
    return message['role'] === 'tool'
      ? amend(message, { tool_call_id: turn.result(message['tool_call_id']) })
      : message;
  });
}

/** Members of an answer that ask for nothing where they are empty. */
const emptied = ['tool_calls', 'function_call', 'audio', 'annotations', 'refusal'];
/** Members of answers that OpenAI's document does not have. */
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
    ...emptied.filter((name) => name in message && saysNothing(message[name])),
    ...(isStrict ? extras.filter((name) => name in message) : []),
  ];
  const { audio, refusal } = message;
  const said = amend(message, {
    ...Object.fromEntries(gone.map((name) => [name, undefined])),
    // An answer holds the audio itself, a request only its id.
    ...(isObject(audio) && isFilled(audio['id']) && Object.keys(audio).length > 1
      ? { audio: { id: audio['id'] } }
      : {}),
    ...(refusesInText && isFilled(refusal) ? { refusal: undefined } : {}),
  });
  return amend(said, { content: contentOf(said, refusesInText ? refusal : undefined) });
}

/** A message without content and calls must have a content, even if it is ''. */
function contentOf(message: JsonObject, refusal: unknown): unknown {
  const { content } = message;
  if (!saysNothing(content)) return content;
  if (isFilled(refusal)) return refusal;
  const doesSomething = ['tool_calls', 'function_call', 'audio', 'refusal'].some((name) => !saysNothing(message[name]));
  if (!doesSomething) return '';
  return Array.isArray(content) ? null : content;
}

/** The calls of one message and the results that follow. */
interface Turn {
  call(id: unknown): unknown;
  result(id: unknown): unknown;
}

/** The first result of an id belongs to the first call that has it, and so on. */
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
