import { flag, listOf, oneOf, section, token, wholeNumber } from '@sluice/setting-types';
import { defineProvider } from '../provider.ts';
import { toFailure } from './failure.ts';
import { toUpstream } from './request.ts';
import { translateStream } from './stream.ts';
import { createModelLister } from './list-models.ts';
import { thinkingStyles } from './thinking.ts';
import { findUnsupported } from './unsupported.ts';
import { translateWhole } from './whole.ts';

const text = token('text without spaces');

const options = section({
  version: text.default('2023-06-01').describe('Header `anthropic-version`.'),
  beta: listOf(text, 'a list of texts without spaces').default([]).describe('Header `anthropic-beta`.'),
  max_tokens: wholeNumber(1)
    .default(4096)
    .describe(
      'The longest answer where a request sets no limit, which Anthropic can not do without; thoughts come on top.',
    ),
  thinking_style: oneOf(thinkingStyles)
    .default('auto')
    .describe(
      'How `reasoning_effort` is passed on: as an `effort` (Claude 4.6 and later) or as a `budget` of tokens (before). ' +
        '`auto` tells by the name of the model.',
    ),
  sampling: flag()
    .default(true)
    .describe('The models take `temperature`, `top_p` and `top_k`. Claude Opus 4.7 and later models do not.'),
});

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
  options,
  defaultBaseUrl: 'https://api.anthropic.com/v1',
  create: ({ version, beta, max_tokens: maxTokens, thinking_style: thinkingStyle, sampling }) => ({
    type: 'anthropic',
    capabilities: {
      parameters,
      images: ['https', 'data'],
      media: ['file'],
      prefill: 'assistant',
      reasoning: true,
      streamUsage: true,
    },
    framing: 'sse',
    readsArguments: true,
    findUnsupported: (body) => findUnsupported(body, sampling),
    toUpstream: (body, plan) => toUpstream(body, plan, { version, beta, maxTokens, thinkingStyle }),
    translateStream,
    translateWhole,
    toFailure,
    models: createModelLister({ version, beta }),
  }),
});
