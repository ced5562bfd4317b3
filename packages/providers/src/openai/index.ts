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
  /** It is OpenAI's own, wherever it is; default: as its address says. */
  readonly isOpenAi?: boolean;
  /** The rules of the server that its errors have shown. */
  readonly callIds?: () => CallIdRule | undefined;
}

/** OpenAI and every server that speaks its Chat Completions protocol, in the dialect that config describes. */
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

/** OpenAI's protocol without any accent, for providers that build on it. */
export const openaiAdapter = createOpenAiAdapter(plainStyle);

/** Parameters that the server refuses, under the names that clients use. */
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
 * Servers that want ids of nine characters (Mistral's, under whatever name) say so with a 400. It is worth another try
 * at the same place, once in the life of a process: from then on ids are sent as they are wanted. A mapped id is never
 * refused, so that a later refusal is that of a call that was under way.
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
