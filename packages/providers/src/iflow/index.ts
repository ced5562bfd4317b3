import type { ProviderAdapter } from '../adapter.ts';
import { createOpenAiAdapter } from '../openai-protocol/adapter.ts';
import { plainStyle } from '../openai-protocol/options.ts';
import { defineProvider } from '../provider.ts';
import { pageRequest } from '../model-lister.ts';
import { keyHeader } from '../openai-protocol/request.ts';
import { cliHeaders } from './cli-headers.ts';
import { iflowEntry } from './entry.ts';
import { toFailure, toStatedFailure } from './failure.ts';
import { login } from './login.ts';
import { toUpstream } from './request.ts';
import { createTokenSource } from './tokens.ts';

const errors = { toFailure, errorOf: toStatedFailure };
const { embeddings: _embeddings, models: _models, ...chat } = createOpenAiAdapter(plainStyle, { errors });

/**
 * iFlow: OpenAI's protocol with other switches for reasoning and other error shapes; credentials are keys, or logins of
 * persons that are renewed.
 */
export const iflow = defineProvider({
  ...iflowEntry,
  login,
  create: (given): ProviderAdapter => {
    const request = { defaultMaxTokens: given.default_max_tokens, hasCliHeaders: given.cli_headers };
    return {
      ...chat,
      type: 'iflow',
      capabilities: { ...chat.capabilities, media: [] },
      // An error may be a line of JSON although the content type is that of a stream.
      framing: 'sse-unterminated',
      toUpstream: (body, plan) => toUpstream(body, plan, request),
      // The list does not name the usable models.
      keyCheck: (plan) =>
        pageRequest(`${plan.baseUrl}/models`, {
          ...keyHeader(plan.apiKey, 'authorization'),
          ...(given.cli_headers ? cliHeaders(plan) : {}),
        }),
      tokens: createTokenSource({
        ...(given.oauth_client_id === undefined ? {} : { id: given.oauth_client_id }),
        ...(given.oauth_client_secret === undefined ? {} : { secret: given.oauth_client_secret }),
        baseUrl: given.oauth_base_url.replace(/\/+$/, ''),
      }),
    };
  },
});
