import type { Usage } from '@sluice/protocol';
import type { FinishReason } from '../answer/chunk-writer.ts';
import { toUsage } from '../answer/usage.ts';
import type { WireUsage } from './wire.ts';

const finishReasons: Readonly<Record<string, FinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool_calls',
  refusal: 'content_filter',
  // The turn is not over: who wants the rest of it asks again with what there is, as after `length`.
  pause_turn: 'length',
};

/** A model that has called functions waits for their results, whatever word its server has for that. */
export function toFinishReason(stopReason: string, calls: number): FinishReason {
  const reason = Object.hasOwn(finishReasons, stopReason) ? finishReasons[stopReason] : undefined;
  if (reason === undefined || reason === 'stop') return calls > 0 ? 'tool_calls' : 'stop';
  return reason;
}

/** The message used where the provider does not explain its refusal. */
export const unexplainedRefusal = 'The model declined to answer.';

/** Anthropic counts apart what came from a cache and what went there; OpenAI's `prompt_tokens` are all of the prompt. */
export function usageOf(wire: WireUsage): Usage {
  const cached = wire.cache_read_input_tokens ?? undefined;
  const cacheWrite = wire.cache_creation_input_tokens ?? undefined;
  return toUsage({
    prompt: (wire.input_tokens ?? 0) + (cached ?? 0) + (cacheWrite ?? 0),
    completion: wire.output_tokens ?? 0,
    cached,
    cacheWrite,
    reasoning: wire.output_tokens_details?.thinking_tokens ?? undefined,
  });
}

/** The counts of a stream so far. They are cumulative, so that a smaller one that comes later, a zero above all, is none. */
export function laterUsage(before: WireUsage, now: WireUsage): WireUsage {
  return {
    input_tokens: larger(before.input_tokens, now.input_tokens),
    cache_read_input_tokens: larger(before.cache_read_input_tokens, now.cache_read_input_tokens),
    cache_creation_input_tokens: larger(before.cache_creation_input_tokens, now.cache_creation_input_tokens),
    output_tokens: larger(before.output_tokens, now.output_tokens),
    output_tokens_details: {
      thinking_tokens: larger(
        before.output_tokens_details?.thinking_tokens,
        now.output_tokens_details?.thinking_tokens,
      ),
    },
  };
}

type Count = number | null | undefined;

const larger = (before: Count, now: Count): Count =>
  before == null || now == null ? (now ?? before) : Math.max(before, now);
