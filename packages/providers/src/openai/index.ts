import { section } from '@sluice/setting-types';
import type { ChatBody, FieldPath, ProviderAdapter } from '../adapter.ts';
import { defineProvider } from '../provider.ts';
import { createEmbeddings } from './embeddings.ts';
import { asksForNothing } from '../support/find-unsupported.ts';
import { toFailure } from './failure.ts';
import { dialectOptions, placeOptions, plainStyle, secretsOf } from './options.ts';
import { type RequestStyle, toUpstream } from './request.ts';
import { translateStream } from './stream.ts';
import { translateWhole } from './whole.ts';

/** OpenAI and every server that speaks its Chat Completions protocol, in the dialect that config describes. */
export function createOpenAiAdapter(style: RequestStyle): ProviderAdapter {
  const hasThinkTags = style.think_tags;
  return {
    type: 'openai',
    capabilities: {
      parameters: 'any',
      images: ['https', 'data'],
      media: ['input_audio', 'file'],
      prefill: 'none',
      reasoning: true,
      streamUsage: true,
    },
    framing: 'sse',
    findUnsupported: (body) => refused(body, style),
    toUpstream: (body, plan) => toUpstream(body, { plan, style }),
    translateStream: (body, plan) => translateStream({ body, plan, hasThinkTags }),
    translateWhole: (text, body, plan) => translateWhole(text, { body, plan, hasThinkTags }),
    toFailure,
    secrets: secretsOf(style.headers),
    embeddings: createEmbeddings(style),
  };
}

/** OpenAI's protocol without any accent, for providers that build on it. */
export const openaiAdapter = createOpenAiAdapter(plainStyle);

/** Parameters that the server refuses, under the names that clients use. */
function refused(body: ChatBody, { unsupported }: RequestStyle): readonly FieldPath[] {
  return unsupported
    .filter((name) => Object.hasOwn(body, name) && !asksForNothing(name, body[name], body))
    .map((name) => [name]);
}

export const openai = defineProvider({
  options: section({ ...dialectOptions, ...placeOptions }),
  create: createOpenAiAdapter,
});
