import { prefillStyles } from '@sluice/rescue';
import { z } from 'zod';
import { across, fieldOf, findRepeated, itemsOf, textField } from './across.ts';
import { flag, identifier, inWords, listOf, must, oneOf, section, token } from './field-types.ts';

/** Every provider that Sluice is to speak to. */
const providerTypes = [
  'openai',
  'azure',
  'anthropic',
  'gemini',
  'coze',
  'bailian',
  'zai',
  'zai-web',
  'iflow',
  'ollama',
] as const;
/** Those that it can speak to. */
const supportedTypes = ['openai', 'azure'] as const;

const type = inWords(
  oneOf(providerTypes).pipe(
    z.enum(supportedTypes, { error: `is not supported yet; it must be ${supportedTypes.join(' or ')}` }),
  ),
  `one of ${supportedTypes.join(', ')}`,
);

const urlInWords = 'an http or https URL without user, password, query and fragment';
const urlError = must(urlInWords);
const baseUrl = inWords(z.string(urlError).refine(isBaseUrl, urlError), urlInWords);

function isBaseUrl(text: string): boolean {
  const url = URL.parse(text);
  return (
    url !== null &&
    ['http:', 'https:'].includes(url.protocol) &&
    url.username === '' &&
    url.password === '' &&
    !/[?#]/.test(text)
  );
}

const credentialsInWords = 'a list of at least one credential';

const credentials = across(
  listOf(
    section({
      id: identifier().describe('Names it in logs, metrics and Redis.'),
      api_key: token('text without spaces').describe("The provider's key. Secret."),
    }),
    credentialsInWords,
  ).min(1, must(credentialsInWords)),
  (value) =>
    findRepeated({
      list: value,
      nameOf: textField('id'),
      field: ['id'],
      message: (first) => `is taken by credentials[${first}]; ids must differ`,
    }),
);

/** The accounts at providers. */
export const upstreams = across(
  listOf(
    section({
      id: identifier().describe('Names it in targets, logs, metrics and Redis.'),
      type: type.describe("The provider's wire protocol."),
      base_url: baseUrl.describe(
        'Where it is; for openai with the `/v1`, for azure `https://NAME.openai.azure.com`, with `/openai/v1` for its v1 API.',
      ),
      api_version: token('text without spaces')
        .optional()
        .describe('For azure: its `api-version`. Default 2024-10-21, and none with the v1 API.'),
      credentials: credentials
        .optional()
        .meta({ 'x-default': 'no key is sent' })
        .describe('The keys among which its calls are spread. One that the provider limits rests for a while.'),
      prefill: oneOf(['none', ...prefillStyles])
        .default('none')
        .describe(
          'How it is told to write on where an answer broke off: `assistant`: it does so after a last message of the assistant; `prefix`: `"prefix": true` in that message; `continue_final_message`: that field. `none`: it answers anew, and what differs is an error.',
        ),
      stream_usage: flag().default(true).describe('Ask the provider to report usage at the end of a stream.'),
    }),
    'a list of upstreams',
  ),
  function* find(value) {
    yield* findRepeated({
      list: value,
      nameOf: textField('id'),
      field: ['id'],
      message: (first) => `is taken by upstreams[${first}]; ids must differ`,
    });
    for (const [at, item] of itemsOf(value)) {
      if (fieldOf(item, 'api_version') === undefined || fieldOf(item, 'type') === 'azure') continue;
      yield { path: [at, 'api_version'], message: 'is a setting of azure upstreams alone' };
    }
  },
);
