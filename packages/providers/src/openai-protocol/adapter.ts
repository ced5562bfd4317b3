import type { ChatBody } from '@sluice/protocol';
import type { FieldPath, ProviderAdapter } from '../adapter.ts';
import { allHints, type Hint } from '../capabilities.ts';
import { asksForNothing } from '../support/find-unsupported.ts';
import type { CallIdRule } from './call-ids.ts';
import { createEmbeddings } from './embeddings.ts';
import type { ErrorEnvelope } from './error-envelope.ts';
import { toFailure } from './failure.ts';
import { createModelLister } from './list-models.ts';
import { secretsOf } from './options.ts';
import { isStrictPlace, type RequestStyle, writeRequest } from './request.ts';
import { translateStream } from './stream.ts';
import { translateWhole } from './whole.ts';

export interface OpenAiTraits {
  /** Set for OpenAI's own servers at another address; default: derived from the address. */
  readonly isOpenAi?: boolean;
  /** Address of the upstream, if it is known before the calls. */
  readonly baseUrl?: string | undefined;
  /** Rule for call ids that the server's errors have revealed. */
  readonly callIds?: () => CallIdRule | undefined;
  /** Default: OpenAI's errors. */
  readonly errors?: ErrorEnvelope;
}

/** Creates the adapter for OpenAI and all servers with its Chat Completions protocol, in the configured dialect. */
export function createOpenAiAdapter(style: RequestStyle, traits: OpenAiTraits = {}): ProviderAdapter {
  const { isOpenAi, baseUrl, callIds, errors = { toFailure } } = traits;
  const { errorOf } = errors;
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
      hints: isOpenAi === true || (baseUrl !== undefined && isStrictPlace(baseUrl)) ? strictHints : allHints,
    },
    framing: 'sse',
    findUnsupported: (body) => refused(body, style),
    toUpstream: (body, plan) => writeRequest(body, { plan, style, isOpenAi, callIds: callIds?.() }),
    translateStream: (body, plan) => translateStream({ body, plan, hasThinkTags, errorOf }),
    translateWhole: (text, body, plan) => translateWhole(text, { body, plan, hasThinkTags, errorOf }),
    toFailure: errors.toFailure,
    secrets: secretsOf(style.headers),
    models: createModelLister(style),
    embeddings: createEmbeddings(style, { errorOf }),
  };
}

/** OpenAI and Mistral get no members that their documents lack. */
const strictHints: ReadonlySet<Hint> = new Set([...allHints].filter((hint) => !hint.endsWith('cache_control')));

/** Returns the parameters that the server refuses, under the names that clients use. */
function refused(body: ChatBody, { unsupported }: RequestStyle): readonly FieldPath[] {
  return unsupported
    .filter((name) => Object.hasOwn(body, name) && !asksForNothing(name, body[name], body))
    .map((name) => [name]);
}
