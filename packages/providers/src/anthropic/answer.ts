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
  // The turn is not over: clients get the rest by another request with the answer so far, as after `length`.
  pause_turn: 'length',
};

/**
 * Returns the finish reason. A model that has called functions waits for their results, whatever reason its server
 * gives.
 */
export function toFinishReason(stopReason: string, calls: number): FinishReason {
  const reason = Object.hasOwn(finishReasons, stopReason) ? finishReasons[stopReason] : undefined;
  if (reason === undefined || reason === 'stop') return calls > 0 ? 'tool_calls' : 'stop';
  return reason;
}

/** Refusal text if the provider does not explain its refusal. */
export const unexplainedRefusal = 'The model declined to answer.';

/**
 * Converts counts: Anthropic counts tokens read from and written to a cache separately; OpenAI's `prompt_tokens`
 * include them.
 */
export function usageOf(wire: WireUsage): Usage {
  const cached = wire.cache_read_input_tokens ?? undefined;
  const cacheWrite = wire.cache_creation_input_tokens ?? undefined;
  return toUsage({
    prompt: (wire.input_tokens ?? 0) + (cached ?? 0) + (cacheWrite ?? 0),
    completion: wire.output_tokens ?? 0,
    cached,
    cacheWrite,
    // Usually 0, which no client needs to be told.
    cacheWriteHour: wire.cache_creation?.ephemeral_1h_input_tokens || undefined,
    reasoning: wire.output_tokens_details?.thinking_tokens ?? undefined,
  });
}

/** Merges the counts of a stream. They are cumulative, so a smaller later value, especially zero, is ignored. */
export function laterUsage(before: WireUsage, now: WireUsage): WireUsage {
  return {
    input_tokens: larger(before.input_tokens, now.input_tokens),
    cache_read_input_tokens: larger(before.cache_read_input_tokens, now.cache_read_input_tokens),
    cache_creation_input_tokens: larger(before.cache_creation_input_tokens, now.cache_creation_input_tokens),
    cache_creation: {
      ephemeral_1h_input_tokens: larger(
        before.cache_creation?.ephemeral_1h_input_tokens,
        now.cache_creation?.ephemeral_1h_input_tokens,
      ),
    },
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
