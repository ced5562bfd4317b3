import { defineProvider } from '../provider.ts';
import { anthropicEntry } from './entry.ts';
import { toFailure } from './failure.ts';
import { toUpstream } from './request.ts';
import { translateStream } from './stream.ts';
import { createNative, refusesThinking } from './native/index.ts';
import { createModelLister } from './list-models.ts';
import { findUnsupported } from './unsupported.ts';
import { translateWhole } from './whole.ts';

const parameters = new Set([
  'temperature',
  'top_p',
  'top_k',
  'max_tokens',
  'max_completion_tokens',
  'stop',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'response_format',
  'reasoning_effort',
  'thinking',
  'service_tier',
  'cache_control',
]);

/** Anthropic's Messages API. */
export const anthropic = defineProvider({
  ...anthropicEntry,
  create: ({ version, beta, max_tokens: maxTokens, thinking_style: thinkingStyle, sampling }) => ({
    type: 'anthropic',
    capabilities: {
      parameters,
      images: ['https', 'data'],
      media: ['file'],
      prefill: 'assistant',
      reasoning: true,
      streamUsage: true,
      hints: new Set([
        'user',
        'safety_identifier',
        'cache_control',
        'tools.cache_control',
        'prompt_cache_breakpoint',
        'description',
      ]),
    },
    framing: 'sse',
    readsArguments: true,
    findUnsupported: (body) => findUnsupported(body, sampling),
    toUpstream: (body, plan) => toUpstream(body, plan, { version, beta, maxTokens, thinkingStyle }),
    translateStream,
    translateWhole,
    toFailure,
    models: createModelLister({ version, beta }),
    native: createNative({ version, beta }),
    refusesThinking,
  }),
});
