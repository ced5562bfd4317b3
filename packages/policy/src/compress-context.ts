import type { ChatMessage } from '@sluice/protocol';

/** The remainder of a conversation after compression. */
export interface CompressedContext {
  readonly messages: readonly ChatMessage[];
  /** Number of messages that were left out. */
  readonly droppedMessages: number;
}

/**
 * Leaves out what is older than the last rounds. A round begins with a message of the user, or several in a row, and has
 * all that follows up to the next. Instructions (`system`, `developer`) stay wherever they are. Where a result of a tool
 * would lose its call, the rounds back to that call stay too.
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
  /** The positions at which the rounds begin. */
  readonly starts: readonly number[];
  /** For each message where its round begins; 0 for those before the first. */
  readonly startOf: readonly number[];
  /** From the results of tools to the messages with their calls. */
  readonly callOf: ReadonlyMap<number, number>;
}

/** One pass, however long and odd the conversation is. */
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
    // Some clients count their calls anew in each round: the latest of a name is meant.
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
