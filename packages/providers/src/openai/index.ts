import type { ChatBody, FieldPath, ProviderAdapter } from '../adapter.ts';
import { defineProvider } from '../provider.ts';
import { openaiEntry } from './entry.ts';
import { createEmbeddings } from './embeddings.ts';
import { asksForNothing } from '../support/find-unsupported.ts';
import { type CallIdRule, wantsNineCharacters } from './call-ids.ts';
import { toFailure } from './failure.ts';
import { createModelLister } from './list-models.ts';
import { plainStyle, secretsOf } from './options.ts';
import { type RequestStyle, toUpstream } from './request.ts';
import { translateStream } from './stream.ts';
import { translateWhole } from './whole.ts';

export interface OpenAiTraits {
  /** Set for OpenAI's own servers at another address; default: derived from the address. */
  readonly isOpenAi?: boolean;
  /** Rule for call ids that the server's errors have revealed. */
  readonly callIds?: () => CallIdRule | undefined;
}

/** Creates the adapter for OpenAI and all servers with its Chat Completions protocol, in the configured dialect. */
export function createOpenAiAdapter(style: RequestStyle, { isOpenAi, callIds }: OpenAiTraits = {}): ProviderAdapter {
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
    toUpstream: (body, plan) => toUpstream(body, { plan, style, isOpenAi, callIds: callIds?.() }),
    translateStream: (body, plan) => translateStream({ body, plan, hasThinkTags }),
    translateWhole: (text, body, plan) => translateWhole(text, { body, plan, hasThinkTags }),
    toFailure,
    secrets: secretsOf(style.headers),
    models: createModelLister(style),
    embeddings: createEmbeddings(style),
  };
}

/** OpenAI's protocol without deviations, for providers that build on it. */
export const openaiAdapter = createOpenAiAdapter(plainStyle);

/** Returns the parameters that the server refuses, under the names that clients use. */
function refused(body: ChatBody, { unsupported }: RequestStyle): readonly FieldPath[] {
  return unsupported
    .filter((name) => Object.hasOwn(body, name) && !asksForNothing(name, body[name], body))
    .map((name) => [name]);
}

export const openai = defineProvider({
  ...openaiEntry,
  create: createLearningAdapter,
});

/**
 * Creates an adapter that learns a server's rule for call ids. Servers that require ids of nine characters (Mistral's,
 * under any name) reveal it by a 400. It causes one retry at the same target, once in the life of a process; later
 * requests send ids of this form. A mapped id is never refused, so that a later refusal belongs to a provider call that
 * was already under way.
 */
function createLearningAdapter(style: RequestStyle): ProviderAdapter {
  let callIds: CallIdRule | undefined;
  return {
    ...createOpenAiAdapter(style, { callIds: () => callIds }),
    toFailure(head, bodyText) {
      const failure = toFailure(head, bodyText);
      if (style.tool_call_ids !== undefined || !wantsNineCharacters(bodyText)) return failure;
      callIds = 'nine_characters';
      return { ...failure, kind: 'busy' };
    },
  };
}
