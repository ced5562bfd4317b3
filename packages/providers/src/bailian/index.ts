import type { UpstreamRequest } from '@sluice/protocol';
import type { ProviderAdapter } from '../adapter.ts';
import { onlyTexts } from '../embeddings/inputs.ts';
import { createEmbeddings } from '../openai-protocol/embeddings.ts';
import type { ListPlan } from '../model-lister.ts';
import { createOpenAiAdapter } from '../openai-protocol/adapter.ts';
import { createModelLister } from '../openai-protocol/list-models.ts';
import { plainStyle } from '../openai-protocol/options.ts';
import { defineProvider } from '../provider.ts';
import { bailianEntry } from './entry.ts';
import { findUnsupportedMessages } from './conversation.ts';
import { toFailure } from './failure.ts';
import type { BailianOptions } from './options.ts';
import { mappedParameters, toUpstream, workspaceHeader } from './request.ts';
import { translateStream } from './stream.ts';
import { translateWhole } from './whole.ts';

/** Applications of Aliyun's Bailian (Model Studio), by the provider's own protocol. */
const applications = (given: BailianOptions): ProviderAdapter => ({
  type: 'bailian',
  capabilities: {
    parameters: mappedParameters,
    images: ['https'],
    media: [],
    prefill: 'none',
    reasoning: true,
    streamUsage: true,
  },
  framing: 'sse-lines',
  findUnsupported: findUnsupportedMessages,
  toUpstream: (body, plan) => toUpstream(body, plan, given),
  translateStream: (body, plan) => translateStream(body, plan, given.incremental),
  translateWhole,
  toFailure,
});

/** Limit of the current models for embeddings; the first two, still offered, would accept 25. */
const mostInputs = 10;

const errors = { toFailure };
const plain = createOpenAiAdapter(plainStyle, { errors });
const embeddings = createEmbeddings(plainStyle);
const models = createModelLister(plainStyle);

/** Bailian's plain models: OpenAI's protocol with the provider's own error codes. */
function plainModels(given: BailianOptions): ProviderAdapter {
  const placed = <Plan extends ListPlan>(plan: Plan): Plan => ({
    ...plan,
    baseUrl: `${plan.baseUrl}/compatible-mode/v1`,
  });
  const inWorkspace = (request: UpstreamRequest): UpstreamRequest => ({
    ...request,
    headers: { ...request.headers, ...workspaceHeader(given) },
  });
  return {
    ...plain,
    type: 'bailian',
    toUpstream: (body, plan) => inWorkspace(plain.toUpstream(body, placed(plan))),
    models: { ...models, toUpstream: (plan, next) => inWorkspace(models.toUpstream(placed(plan), next)) },
    embeddings: {
      ...embeddings,
      mostInputs,
      findUnsupported: onlyTexts,
      // The provider supports no other format; the answer is converted to the one that the client requested.
      toUpstream: (body, plan) =>
        inWorkspace(embeddings.toUpstream({ ...body, encoding_format: 'float' }, placed(plan))),
    },
  };
}

export const bailian = defineProvider({
  ...bailianEntry,
  create: (given) => (given.mode === 'native' ? applications(given) : plainModels(given)),
});
