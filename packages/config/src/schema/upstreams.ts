import { catalogue, type ProviderType } from '@sluice/providers/catalogue';
import { prefillStyles } from '@sluice/answers';
import { flag, identifier, inWords, listOf, must, oneOf, section, someText } from '@sluice/setting-types';
import { z } from 'zod';
import { lackNames, wholeAnswerWays } from '../config.ts';
import { secretText } from '../example-secrets.ts';
import { across, fieldOf, findRepeated, itemsOf, textField } from './across.ts';
import { isBaseUrl } from './base-url.ts';
import { extraHeaders, findHeaderFaults } from './extra-headers.ts';
import { findOptionFaults, isProviderType, providerOptions } from './provider-options.ts';
import { upstreamProxy } from './proxy.ts';
import { findHalfCertificate, tlsFiles } from './tls-files.ts';
import { findCredentialFaults, findTokenFaults } from './token-credentials.ts';
import { findExampleSecrets } from './upstream-secrets.ts';

const type = oneOf(Object.keys(catalogue) as [ProviderType, ...ProviderType[]]);

const urlInWords = 'an http or https URL without user, password, query and fragment';
const urlError = must(urlInWords);
const baseUrl = inWords(z.string(urlError).refine(isBaseUrl, urlError), urlInWords);

const credentialsInWords = 'a list of at least one credential';

const credentials = across(
  listOf(
    across(
      section({
        id: identifier().describe('Names it in logs, metrics and Redis.'),
        api_key: secretText('text without spaces')
          .optional()
          .describe("The provider's key. Secret. Either this, or `anonymous`, or `oauth_file`."),
        anonymous: inWords(z.literal(true, must('true, or not set at all')), 'true, or not set at all')
          .optional()
          .describe('The provider gives out tokens to anybody: one is fetched, and renewed when it ends.'),
        oauth_file: someText('a path')
          .optional()
          .describe(
            'File that `npm run login` has written: its tokens are renewed before they end, once for all workers. `~/` is the home folder.',
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

/** The accounts at providers. */
export const upstreams = across(
  listOf(
    section({
      id: identifier().describe('Names it in targets, logs, metrics and Redis.'),
      type: type.describe("The provider's wire protocol."),
      base_url: baseUrl
        .optional()
        .meta({ 'x-default': "the provider's own place, where it has one" })
        .describe(
          'Where it is; for openai with the `/v1`, for azure `https://NAME.openai.azure.com`, with `/openai/v1` for its v1 API.',
        ),
      options: providerOptions.prefault({}).describe("What only this provider's protocol knows."),
      credentials: credentials
        .optional()
        .meta({ 'x-default': 'no key is sent' })
        .describe('The keys among which its calls are spread. One that the provider limits cooldowns for a while.'),
      proxy: upstreamProxy
        .optional()
        .meta({ 'x-default': 'as the environment says' })
        .describe(
          'Proxy for every call to this upstream, whatever `NO_PROXY` says; `none`: no proxy. User and password may stand in it, percent-encoded. Secret.',
        ),
      tls: across(section(tlsFiles('the upstream')), findHalfCertificate)
        .optional()
        .describe(
          'Certificates of the connections to the origin of `base_url`; other hosts that the type calls get none of them. `NODE_EXTRA_CA_CERTS` adds authorities for all.',
        ),
      headers: extraHeaders
        .default({})
        .describe(
          'Headers that go with every call to the origin of `base_url`, and to no other host; they win over those of its type. Secret. Headers of the connection and of the body are refused, and beside `credentials` those that carry the key.',
        ),
      prefill: oneOf(['none', ...prefillStyles])
        .optional()
        .meta({ 'x-default': '`assistant` for providers that do so, else `none`' })
        .describe(
          'How it is told to write on where an answer broke off: `assistant`: it does so after a last message of the assistant; `prefix`: `"prefix": true` in that message; `continue_final_message`: that field. `none`: it answers anew, and what differs is an error.',
        ),
      stream_usage: flag().default(true).describe('Ask the provider to report usage at the end of a stream.'),
      lacks: listOf(oneOf(lackNames), `a list of ${lackNames.join(', ')}`)
        .default([])
        .describe(
          "What this server can't do, although its protocol can. Without `streaming` a client's stream is made of the whole answer; the others are refused as what a provider can't do.",
        ),
      whole_answers: oneOf(wholeAnswerWays)
        .default('ask')
        .describe(
          'For clients that want a whole answer. `ask`: the provider is asked for a whole answer. `collect`: it is asked for a stream, which is collected: a silent provider is left after `first_token_ms` or `idle_ms`, and an answer that breaks off can be continued. Answers with audio are always asked for whole.',
        ),
      drop_unsupported: flag()
        .default(false)
        .describe(
          "Leave out what the provider can't do and a client asks for. Otherwise that is a 400 which names the field; a target that can do it is preferred in any case.",
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
