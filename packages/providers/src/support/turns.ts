import type { ChatMessage } from '@sluice/protocol';
import type { DistinctIds } from '../answer/distinct-ids.ts';

export type AssistantMessage = Extract<ChatMessage, { role: 'assistant' }>;
export type ToolMessage = Extract<ChatMessage, { role: 'tool' }>;
export type UserMessage = Extract<ChatMessage, { role: 'user' }>;
type FunctionCall = Extract<NonNullable<AssistantMessage['tool_calls']>[number], { type: 'function' }>;

/** A tool call of the history with its result. */
export interface PairedCall {
  /** Id of the call for the provider; unique in the conversation. */
  readonly id: string;
  readonly call: FunctionCall;
  /** Undefined if the history lacks it. */
  readonly result: ToolMessage | undefined;
}

/** Consecutive messages of one side. */
export type Turn =
  | { readonly side: 'assistant'; readonly said: readonly Said[] }
  | {
      readonly side: 'user';
      /** Results of the previous turn's tool calls, in the order of the calls. */
      readonly results: readonly PairedCall[];
      /**
       * Messages of users, and results of calls that are not in the previous turn, for example in a trimmed history.
       */
      readonly rest: readonly (UserMessage | ToolMessage)[];
    };

export interface Said {
  readonly message: AssistantMessage;
  readonly calls: readonly PairedCall[];
}

/** Placeholder for a result that the history lacks. */
export const missingResult = 'The result of this call is missing.';

/**
 * Arranges messages in the order that strict providers require: turns of assistant and user alternate, and the results
 * of all calls of a turn follow it at once, each with the id of its call. OpenAI's protocol allows more: results in any
 * order, messages of users between them, calls with equal ids. Instructions are left out.
 *
 * @param ids maps the ids of calls, in their order, to the provider's
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

/** Pairs calls with results. Calls with the same id receive their results in order. */
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
