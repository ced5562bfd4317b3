import { isFilled, isObject } from '@sluice/protocol';
import type { FinishReason } from '../../answer/chunk-writer.ts';

/** OpenAI's reasons, including the deprecated one. */
export type OpenAiReason = FinishReason | 'function_call';

/** End of a choice: a reason, none yet, or a failure. */
export type ChoiceEnd =
  | { readonly kind: 'open' }
  | { readonly kind: 'finished'; readonly reason: OpenAiReason }
  | { readonly kind: 'failed'; readonly word: string };

const words = (text: string): readonly string[] => text.split(' ');

/** Reasons of other vendors, and of servers that pass on their engine's words. */
const wordsOf: Readonly<Record<OpenAiReason, readonly string[]>> = {
  stop: words('stop end_turn stop_sequence eos eos_token end complete completed finish finished'),
  length: words('length max_tokens max_output_tokens max_length model_length token_limit context_length'),
  tool_calls: words('tool_calls tool_call tool_use function_calls'),
  content_filter: words(
    'content_filter content_filtered sensitive safety refusal moderation recitation blocklist prohibited_content spii guardrail_intervened',
  ),
  function_call: ['function_call'],
};

const reasonOf = new Map(
  Object.entries(wordsOf).flatMap(([reason, words]) => words.map((word) => [word, reason as OpenAiReason] as const)),
);

const failures: ReadonlySet<string> = new Set(
  words(
    'error network_error internal_error server_error insufficient_system_resource abort aborted cancelled canceled timeout malformed_function_call',
  ),
);

/** Values that mean that there is no reason yet. */
const nothing: ReadonlySet<string> = new Set(words('null none unspecified finish_reason_unspecified'));

/** Facts about the answer on which its finish reason depends. */
export interface AnswerTraits {
  readonly hasToolCalls: boolean;
  /** Set if the request named the function to call: OpenAI itself then ends with `stop`. */
  readonly isForcedCall: boolean;
}

/** Reads a reason. An unknown word means that the answer ended normally. */
export function readEnd(value: unknown, traits: AnswerTraits): ChoiceEnd {
  if (!isFilled(value)) return { kind: 'open' };
  const word = value.toLowerCase();
  if (nothing.has(word)) return { kind: 'open' };
  if (failures.has(word)) return { kind: 'failed', word: value };
  const reason = reasonOf.get(word) ?? 'stop';
  const isForced = reason === 'stop' && traits.isForcedCall;
  const endsInCall = reason === 'stop' || reason === 'function_call';
  return { kind: 'finished', reason: traits.hasToolCalls && endsInCall && !isForced ? 'tool_calls' : reason };
}

/** Returns the reason for an answer that is complete without one. */
export const endByItself = ({ hasToolCalls }: AnswerTraits): OpenAiReason => (hasToolCalls ? 'tool_calls' : 'stop');

/** Returns whether the request requires a tool call. */
export function forcesCall(toolChoice: unknown): boolean {
  return toolChoice === 'required' || isObject(toolChoice);
}
