import { flag, oneOf, section } from '@sluice/setting-types';
import type { ProviderAdapter } from '../adapter.ts';
import { defineProvider } from '../provider.ts';
import { embeddings } from './embeddings.ts';
import { toFailure } from './failure.ts';
import { models } from './list-models.ts';
import { isStored } from './parts.ts';
import { parameters, toUpstream } from './request.ts';
import { translateStream } from './stream.ts';
import { findUnsupported } from './unsupported.ts';
import { translateWhole } from './whole.ts';

const options = section({
  thinking_control: oneOf(['level', 'budget'])
    .optional()
    .meta({ 'x-default': '`level` for names from gemini-3 on, else `budget`' })
    .describe('What `reasoning_effort` becomes: a `thinkingLevel`, or a `thinkingBudget` of tokens.'),
  include_thoughts: flag()
    .default(true)
    .describe(
      'Ask for thoughts, for `reasoning_content`, wherever the request or the name of the model says that it thinks.',
    ),
});

/** Google's Gemini API. */
export const gemini = defineProvider({
  options,
  defaultBaseUrl: 'https://generativelanguage.googleapis.com/v1beta',
  create: (thinking): ProviderAdapter => ({
    type: 'gemini',
    capabilities: {
      parameters,
      images: ['data'],
      media: ['input_audio', 'file'],
      prefill: 'none',
      reasoning: true,
      streamUsage: true,
    },
    // Errors within a stream are bare JSON.
    framing: 'sse-unterminated',
    readsArguments: true,
    findUnsupported,
    takesImage: isStored,
    toUpstream: (body, plan) => toUpstream(body, plan, thinking),
    translateStream,
    translateWhole,
    toFailure,
    models,
    embeddings,
  }),
});
