import type { ChatMessage } from '@sluice/protocol';
import type { DistinctIds } from '../answer/distinct-ids.ts';

export type AssistantMessage = Extract<ChatMessage, { role: 'assistant' }>;
export type ToolMessage = Extract<ChatMessage, { role: 'tool' }>;
export type UserMessage = Extract<ChatMessage, { role: 'user' }>;
type FunctionCall = Extract<NonNullable<AssistantMessage['tool_calls']>[number], { type: 'function' }>;

/** A call of the history with the result that belongs to it. */
export interface PairedCall {
  /** The call's own id, put right for the provider: no other call of the conversation has it. */
  readonly id: string;
  readonly call: FunctionCall;
  /** Undefined where the history lacks it. */
  readonly result: ToolMessage | undefined;
}

/** The messages of one side before the other side speaks again. */
export type Turn =
  | { readonly side: 'assistant'; readonly said: readonly Said[] }
  | {
      readonly side: 'user';
      /** The results of the calls of the turn before, in the order of the calls. */
      readonly results: readonly PairedCall[];
      /**
       * Messages of users, and results of calls that are not in the turn before, such as those of a trimmed history.
       */
      readonly rest: readonly (UserMessage | ToolMessage)[];
    };

export interface Said {
  readonly message: AssistantMessage;
  readonly calls: readonly PairedCall[];
}

/** The placeholder for a result that the history lacks. */
export const missingResult = 'The result of this call is missing.';

/**
 * Brings messages into the order that strict providers want: turns of assistant and user alternate, and the results of
 * all calls of a turn come at once behind it, each by the id of its call. OpenAI's protocol leaves more freedom:
 * results in any order, messages of users between them, calls that share an id. Instructions are left out.
 *
 * @param ids turns the ids of calls, in their order, into those that the provider gets
 */
export function toTurns(messages: readonly ChatMessage[], ids: DistinctIds): readonly Turn[] {
  const turns: Turn[] = [];
  const spoken = messages.filter(isSpoken);
  for (let at = 0; at < spoken.length;) {
    const said: AssistantMessage[] = [];
    for (let message = spoken[at]; message?.role === 'assistant'; message = spoken[++at]) said.push(message);
    const heard: (UserMessage | ToolMessage)[] = [];
    for (let message = spoken[at]; message !== undefined && message.role !== 'assistant'; message = spoken[++at]) {
      heard.push(message);
    }
    turns.push(...toExchange(said, heard, ids));
  }
  return turns;
}

type Spoken = AssistantMessage | UserMessage | ToolMessage;

const isSpoken = (message: ChatMessage): message is Spoken =>
  message.role === 'assistant' || message.role === 'user' || message.role === 'tool';

function toExchange(
  messages: readonly AssistantMessage[],
  heard: readonly (UserMessage | ToolMessage)[],
  ids: DistinctIds,
): readonly Turn[] {
  const { resultOf, rest } = pair(messages, heard);
  const said = messages.map((message): Said => {
    const calls = functionCalls(message).map((call) => ({ id: ids.take(call.id), call, result: resultOf.get(call) }));
    return { message, calls };
  });
  const results = said.flatMap(({ calls }) => calls);
  return [
    ...(said.length === 0 ? [] : [{ side: 'assistant', said } as const]),
    ...(results.length + rest.length === 0 ? [] : [{ side: 'user', results, rest } as const]),
  ];
}

const functionCalls = ({ tool_calls: calls }: AssistantMessage): readonly FunctionCall[] =>
  (calls ?? []).flatMap((call) => (call.type === 'function' ? [call] : []));

/** Calls that share an id get their results in turn. */
function pair(messages: readonly AssistantMessage[], heard: readonly (UserMessage | ToolMessage)[]) {
  const waiting = new Map<string, FunctionCall[]>();
  for (const call of messages.flatMap(functionCalls).toReversed()) {
    const before = waiting.get(call.id);
    if (before === undefined) waiting.set(call.id, [call]);
    else before.push(call);
  }
  const resultOf = new Map<FunctionCall, ToolMessage>();
  const rest = heard.filter((message) => {
    const call = message.role === 'tool' ? waiting.get(message.tool_call_id)?.pop() : undefined;
    if (call === undefined || message.role !== 'tool') return true;
    resultOf.set(call, message);
    return false;
  });
  return { resultOf, rest };
}
