import { flag, section, someText, textLike, wholeNumber } from '@sluice/setting-types';
import type { ProviderAdapter } from '../adapter.ts';
import { openaiAdapter } from '../openai/index.ts';
import { defineProvider } from '../provider.ts';
import { toFailure } from './failure.ts';
import { defaultOAuthUrl, login } from './login.ts';
import { toUpstream } from './request.ts';
import { translateStream } from './stream.ts';
import { createTokenSource } from './tokens.ts';
import { translateWhole } from './whole.ts';

const options = section({
  default_max_tokens: wholeNumber(1)
    .default(8192)
    .describe('`max_tokens` where the client gives none: iFlow itself would cut answers at 512.'),
  cli_headers: flag()
    .default(false)
    .describe("Send the headers of iFlow's own command line tool, with its signature. iFlow blocks keys for that."),
  oauth_client_id: someText('text').optional().describe('OAuth client; credentials with `oauth_file` need it.'),
  oauth_client_secret: someText('text').optional().describe('Its secret; they need it too. Secret.'),
  oauth_base_url: textLike(
    /^https?:\/\/[^\s/?#@]+(?:\/[^\s?#]*)?$/,
    'an http or https URL without user, query and fragment',
  )
    .default(defaultOAuthUrl)
    .describe('Where logins are renewed.'),
});

const { embeddings: _embeddings, models: _models, ...chat } = openaiAdapter;

/**
 * iFlow: OpenAI's protocol with other switches for reasoning and other error shapes; credentials are keys, or logins of
 * persons that are renewed.
 */
export const iflow = defineProvider({
  options,
  defaultBaseUrl: 'https://apis.iflow.cn/v1',
  notice: 'iFlow closed its service in April 2026: upstreams of this type are kept for servers that speak its protocol',
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
      translateStream,
      translateWhole,
      toFailure,
      tokens: createTokenSource({
        ...(given.oauth_client_id === undefined ? {} : { id: given.oauth_client_id }),
        ...(given.oauth_client_secret === undefined ? {} : { secret: given.oauth_client_secret }),
        baseUrl: given.oauth_base_url.replace(/\/+$/, ''),
      }),
    };
  },
});
