import type { ChatRequest } from './chat-request.ts';
import { sampleJson } from './sample-json.ts';

/** A tool call in a whole answer. */
export interface ToolCall {
  readonly id: string;
  readonly type: 'function';
  readonly function: { readonly name: string; readonly arguments: string };
}

/** A piece of a tool call in a stream: the first contains the name, the others pieces of the arguments. */
export interface ToolCallFragment {
  readonly call: ToolCall;
  readonly delta: {
    readonly index: number;
    readonly id?: string;
    readonly type?: 'function';
    readonly function: { readonly name?: string; readonly arguments: string };
  };
}

/** Words that distinguish two calls of the same function. */
const words = ['lorem', 'ipsum'];

/** Calls the first function, or the first two in parallel; a single function is then called twice. */
export function callsOf({ functions, conversation, mayCallInParallel }: ChatRequest, isParallel: boolean): ToolCall[] {
  const called = isParallel && mayCallInParallel ? [functions[0], functions[1] ?? functions[0]] : [functions[0]];
  return called
    .filter((tool) => tool !== undefined)
    .map(({ name, parameters }, index) => ({
      id: `call_${conversation}${String(index).padStart(8, '0')}`,
      type: 'function',
      function: { name, arguments: JSON.stringify(sampleJson({ type: 'object', ...parameters }, words[index] ?? '')) },
    }));
}

/** Splits calls into pieces, one call after the other. */
export function fragmentsOf(calls: readonly ToolCall[]): ToolCallFragment[] {
  return calls.flatMap((call, index) => [
    { call, delta: { index, ...call, function: { name: call.function.name, arguments: '' } } },
    ...cutJson(call.function.arguments).map((text) => ({ call, delta: { index, function: { arguments: text } } })),
  ]);
}

/** Splits JSON into the texts of its tokens, never inside a character. */
export function cutJson(json: string): readonly string[] {
  return json.match(/.{1,6}/gsu) ?? [];
}
