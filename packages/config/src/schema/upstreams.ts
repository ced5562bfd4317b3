import { catalogue, type ProviderType } from '@sluice/providers/catalogue';
import { prefillStyles } from '@sluice/answers';
import { flag, identifier, inWords, listOf, must, oneOf, section, someText } from '@sluice/setting-types';
import { z } from 'zod';
import { secretText } from '../example-secrets.ts';
import { across, fieldOf, findRepeated, itemsOf, textField } from './across.ts';
import { isBaseUrl } from './base-url.ts';
import { extraHeaders, findHeaderFaults } from './extra-headers.ts';
import { findOptionFaults, isProviderType, providerOptions } from './provider-options.ts';
import { upstreamProxy } from './proxy.ts';
import { findHalfCertificate, tlsFiles } from './tls-files.ts';
import { findCredentialFaults, findTokenFaults } from './token-credentials.ts';
import { findExampleSecrets } from './upstream-secrets.ts';
import { wholeAnswerWays } from './whole-answers.ts';

const type = oneOf(Object.keys(catalogue) as [ProviderType, ...ProviderType[]]);

const urlInWords = 'an http or https URL without user, password, query and fragment';
const urlError = must(urlInWords);
const baseUrl = inWords(z.string(urlError).refine(isBaseUrl, urlError), urlInWords);

const lackNames = ['streaming', 'tools', 'images'] as const;

const credentialsInWords = 'a list of at least one credential';

const credentials = across(
  listOf(
    across(
      section({
        id: identifier().describe('Name of the credential in logs, metrics and Redis.'),
        api_key: secretText('text without spaces')
          .optional()
          .describe('Key of the provider. Secret. Either this, or `anonymous`, or `oauth_file`.'),
        anonymous: inWords(z.literal(true, must('true, or not set at all')), 'true, or not set at all')
          .optional()
          .describe(
            'Uses an access token that the provider issues without a login. It is fetched, and renewed before it ends.',
          ),
        oauth_file: someText('a path')
          .optional()
          .describe(
            'File that `npm run login` writes. Its access tokens are renewed before they end, once for all workers. `~/` is the home folder.',
          ),
      }),
      findCredentialFaults,
    ),
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

/** Type of the accounts at providers. */
export const upstreams = across(
  listOf(
    section({
      id: identifier().describe('Name of the upstream in targets, logs, metrics and Redis.'),
      type: type.describe('Wire protocol of the provider.'),
      base_url: baseUrl
        .optional()
        .meta({ 'x-default': "the provider's URL, if it has one for all customers" })
        .describe(
          'Base URL: for openai with `/v1`; for azure `https://NAME.openai.azure.com`, with `/openai/v1` for its v1 API.',
        ),
      options: providerOptions.prefault({}).describe('Options of this `type` only.'),
      credentials: credentials
        .optional()
        .meta({ 'x-default': 'no key is sent' })
        .describe(
          'Credentials among which the calls are spread. A credential that the provider limits is in cooldown for a while.',
        ),
      proxy: upstreamProxy
        .optional()
        .meta({ 'x-default': 'as in the environment' })
        .describe(
          'Proxy for every call to this upstream, in spite of `NO_PROXY`; `none`: no proxy. It may hold user and password, percent-encoded. Secret.',
        ),
      tls: across(section(tlsFiles('the upstream')), findHalfCertificate)
        .optional()
        .describe(
          'Certificates for connections to the origin of `base_url`; they are not used for other hosts that the type calls. `NODE_EXTRA_CA_CERTS` adds authorities for all connections.',
        ),
      headers: extraHeaders
        .default({})
        .describe(
          'Headers of every call to the origin of `base_url`, and of no call to another host. They win over headers of the type. Secret. Headers of the connection and of the body are refused; beside `credentials`, headers that carry the key are refused too.',
        ),
      prefill: oneOf(['none', ...prefillStyles])
        .optional()
        .meta({ 'x-default': '`assistant` for providers that support it, else `none`' })
        .describe(
          'Way to let the provider continue an answer that broke off. The delivered text is the last message, of the role `assistant`: `assistant` needs no mark; `prefix` adds `"prefix": true` to that message; `continue_final_message` sets that field of the request. `none`: the provider answers again from the start, and a text that differs from the delivered one is an error.',
        ),
      stream_usage: flag().default(true).describe('Asks the provider to report usage at the end of a stream.'),
      lacks: listOf(oneOf(lackNames), `a list of ${lackNames.join(', ')}`)
        .default([])
        .describe(
          "Features that this server lacks, although its protocol has them. Without `streaming`, a client's stream is made from the whole answer; requests for the other features are treated like those for unsupported fields (`drop_unsupported`).",
        ),
      whole_answers: oneOf(wholeAnswerWays)
        .default('ask')
        .describe(
          'Way to get an answer that is not streamed. `ask`: the provider is asked for a whole answer. `collect`: the provider is asked for a stream, which is collected: an attempt ends after `first_token_ms` or `idle_ms` of silence, and an answer that breaks off can be resumed. Answers with audio are always asked for whole.',
        ),
      drop_unsupported: flag()
        .default(false)
        .describe(
          'Leaves out fields of a request that the provider does not support. Otherwise such a request gets a 400 that names the field. A target that supports the field is preferred in both cases.',
        ),
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
      for (const { path, message } of findOptionFaults(item)) yield { path: [at, ...path], message };
      for (const { path, message } of findHeaderFaults(item)) yield { path: [at, ...path], message };
      for (const { path, message } of findTokenFaults(item)) yield { path: [at, ...path], message };
      for (const { path, message } of findExampleSecrets(item)) yield { path: [at, ...path], message };
      if (fieldOf(item, 'base_url') !== undefined || hasDefaultPlace(fieldOf(item, 'type'))) continue;
      yield { path: [at, 'base_url'], message: `is missing; it must be ${urlInWords}` };
    }
  },
);

const hasDefaultPlace = (type: unknown): boolean =>
  isProviderType(type) && catalogue[type].defaultBaseUrl !== undefined;
