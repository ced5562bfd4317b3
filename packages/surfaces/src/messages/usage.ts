import { membersOf, type Usage } from '@sluice/protocol';

/** Token counts of a message. All members are always there: Claude Code refuses a stream that lacks some of them. */
export interface MessageUsage {
  /** Excludes tokens read from or written to a cache. */
  readonly input_tokens: number;
  readonly cache_creation_input_tokens: number;
  readonly cache_read_input_tokens: number;
  /** Parts of `cache_creation_input_tokens`. */
  readonly cache_creation: { readonly ephemeral_5m_input_tokens: number; readonly ephemeral_1h_input_tokens: number };
  readonly output_tokens: number;
  readonly output_tokens_details: { readonly thinking_tokens: number };
  readonly server_tool_use: null;
  readonly service_tier: 'standard';
}

/**
 * Converts OpenAI's counts, whose `prompt_tokens` include cached ones.
 *
 * @param estimate tokens of the prompt while the provider has not counted them
 */
export function toMessageUsage(usage: Usage | undefined, estimate = 0): MessageUsage {
  const { prompt_tokens: prompt = estimate, completion_tokens: output = 0 } = usage ?? {};
  const promptDetails = membersOf(usage?.['prompt_tokens_details']);
  const read = Math.min(prompt, countOf(promptDetails['cached_tokens']));
  const written = Math.min(prompt - read, countOf(promptDetails['cache_write_tokens']));
  const writtenHour = Math.min(written, countOf(promptDetails['cache_write_1h_tokens']));
  return {
    input_tokens: prompt - read - written,
    cache_creation_input_tokens: written,
    cache_read_input_tokens: read,
    cache_creation: { ephemeral_5m_input_tokens: written - writtenHour, ephemeral_1h_input_tokens: writtenHour },
    output_tokens: output,
    output_tokens_details: {
      thinking_tokens: countOf(membersOf(usage?.['completion_tokens_details'])['reasoning_tokens']),
    },
    server_tool_use: null,
    service_tier: 'standard',
  };
}

const countOf = (value: unknown): number => (typeof value === 'number' && value > 0 ? Math.round(value) : 0);
