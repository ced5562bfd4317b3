import type { ChatMessage } from '@sluice/protocol';

/** Messages of a request after compression. */
export interface CompressedContext {
  readonly messages: readonly ChatMessage[];
  /** Number of dropped messages. */
  readonly droppedMessages: number;
}

/**
 * Drops the messages before the last rounds. A round starts with one or more user messages in a row and lasts until the
 * next. Instructions (`system`, `developer`) always stay. If a tool result would lose its tool call, the rounds back to
 * that call stay too.
 *
 * @param rounds 1 or more
 */
export function compressContext(messages: readonly ChatMessage[], rounds: number): CompressedContext {
  const { starts, startOf, callOf } = survey(messages);
  const first = starts.at(-rounds);
  if (starts.length <= rounds || first === undefined) return { messages, droppedMessages: 0 };
  let cut = first;
  for (let at = messages.length - 1; at >= cut; at--) {
    const call = callOf.get(at) ?? at;
    if (call < cut) cut = startOf[call] ?? 0;
  }
  const kept = messages.filter((message, at) => at >= cut || isInstruction(message));
  return { messages: kept, droppedMessages: messages.length - kept.length };
}

interface Survey {
  /** Indices at which the rounds begin. */
  readonly starts: readonly number[];
  /** For each message, the index at which its round begins; 0 before the first round. */
  readonly startOf: readonly number[];
  /** Index of a tool result → index of the message with its tool call. */
  readonly callOf: ReadonlyMap<number, number>;
}

/** Scans the messages in one pass: the time is linear in their number. */
function survey(messages: readonly ChatMessage[]): Survey {
  const starts: number[] = [];
  const startOf: number[] = [];
  const callOf = new Map<number, number>();
  const calls = new Map<string, number>();
  let speaker: ChatMessage['role'] | undefined;
  for (const [at, message] of messages.entries()) {
    if (message.role === 'user' && speaker !== 'user') starts.push(at);
    if (!isInstruction(message)) speaker = message.role;
    startOf.push(starts.at(-1) ?? 0);
    // Some clients reuse call ids in each round; a result belongs to the latest call of its id.
    for (const name of callsIn(message)) calls.set(name, at);
    const call = calls.get(resultName(message) ?? '');
    if (call !== undefined) callOf.set(at, call);
  }
  return { starts, startOf, callOf };
}

const isInstruction = ({ role }: ChatMessage): boolean => role === 'system' || role === 'developer';

function callsIn(message: ChatMessage): string[] {
  if (message.role !== 'assistant') return [];
  const { tool_calls: calls, function_call: call } = message;
  return [
    ...(calls ?? []).flatMap((each) => ('id' in each ? [`tool ${each.id}`] : [])),
    ...(call ? [`function ${call.name}`] : []),
  ];
}

function resultName(message: ChatMessage): string | undefined {
  if (message.role === 'tool') return `tool ${message.tool_call_id}`;
  return message.role === 'function' ? `function ${message.name}` : undefined;
}
