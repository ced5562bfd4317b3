import type { ProviderAdapter } from '../adapter.ts';
import { openaiAdapter } from '../openai/index.ts';
import { defineProvider } from '../provider.ts';
import { findUnsupportedMessages } from './conversation.ts';
import { kindOfCode, toFailure } from './failure.ts';
import { type BailianOptions, options } from './options.ts';
import { mappedParameters, toUpstream, workspaceHeader } from './request.ts';
import { translateStream } from './stream.ts';
import { translateWhole } from './whole.ts';

/** Applications of Aliyun's Bailian (Model Studio), by its own protocol. */
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

/** Its plain models, which speak OpenAI's protocol but for the codes of their errors. */
const plainModels = (given: BailianOptions): ProviderAdapter => ({
  ...openaiAdapter,
  type: 'bailian',
  toUpstream(body, plan) {
    const request = openaiAdapter.toUpstream(body, { ...plan, baseUrl: `${plan.baseUrl}/compatible-mode/v1` });
    return { ...request, headers: { ...request.headers, ...workspaceHeader(given) } };
  },
  toFailure(head, bodyText) {
    const failure = openaiAdapter.toFailure(head, bodyText);
    return { ...failure, kind: kindOfCode(failure.code) ?? failure.kind };
  },
});

export const bailian = defineProvider({
  options,
  defaultBaseUrl: 'https://dashscope.aliyuncs.com',
  create: (given) => (given.mode === 'native' ? applications(given) : plainModels(given)),
});
