import { flag, section, someText, textLike, wholeNumber } from '@sluice/setting-types';
import type { CatalogueEntry } from '../catalogue-entry.ts';

const defaultOAuthUrl = 'https://iflow.cn';

const options = section({
  default_max_tokens: wholeNumber(1)
    .default(8192)
    .describe('`max_tokens` of requests that set none; iFlow would cut their answers at 512.'),
  cli_headers: flag()
    .default(false)
    .describe("Sends the headers of iFlow's command line tool, with its signature. iFlow blocks keys that do this."),
  oauth_client_id: someText('text')
    .optional()
    .describe('Id of the OAuth client. Required for credentials with `oauth_file`.'),
  oauth_client_secret: someText('text')
    .optional()
    .describe('Client secret of that OAuth client. Required for credentials with `oauth_file`. Secret.'),
  oauth_base_url: textLike(
    /^https?:\/\/[^\s/?#@]+(?:\/[^\s?#]*)?$/,
    'an http or https URL without user, query and fragment',
  )
    .default(defaultOAuthUrl)
    .describe('Base URL of the OAuth server that renews logins.'),
});

export const iflowEntry = {
  options,
  defaultBaseUrl: 'https://apis.iflow.cn/v1',
  notice: 'iFlow closed its service in April 2026: this type is kept for servers that implement its protocol',
  accessTokens: { kind: 'login', requiredOptions: ['oauth_client_id', 'oauth_client_secret'] },
  login: {
    callback: { port: 8087, path: '/oauth2callback' },
    file: '.iflow/oauth_creds.json',
    variablePrefix: 'IFLOW_OAUTH',
    defaultBaseUrl: defaultOAuthUrl,
    whereClientIs:
      "They are the OAuth client of iFlow's command line tool, which Sluice does not ship: iflow2api has them in auth/oauth.py",
  },
} as const satisfies CatalogueEntry;
