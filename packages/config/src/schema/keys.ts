import { digestOfHash, digestOfKey, hashPattern } from '../key-digest.ts';
import { isExampleDigest, notAnExample, secretText } from '../example-secrets.ts';
import { across, fieldOf, type Finding, findRepeated } from './across.ts';
import {
  flag,
  inWords,
  listOf,
  modelPattern,
  must,
  oneOf,
  section,
  someText,
  textLike,
  wholeNumber,
} from '@sluice/setting-types';
import { thinkingModes } from '@sluice/answers';
import { z } from 'zod';

const shortestKey = 8;
const keyInWords = `at least ${shortestKey} characters without spaces`;

/** Type of a client key in plain text. */
export const plainKey = secretText(keyInWords).min(shortestKey, must(keyInWords));

const limits = across(
  section({
    concurrency: wholeNumber(1).optional().describe('Requests that run or wait at once.'),
    rpm: wholeNumber(1).optional().describe('Requests a minute.'),
    rpm_burst: wholeNumber(1)
      .optional()
      .meta({ 'x-default': "a whole minute's" })
      .describe('Requests that may arrive at once.'),
    tpm: wholeNumber(1).optional().describe('Tokens a minute, prompt and answer together.'),
    tpm_burst: wholeNumber(1)
      .optional()
      .meta({ 'x-default': "a whole minute's" })
      .describe('Tokens that requests may use at once.'),
  }),
  function* (value) {
    for (const rate of ['rpm', 'tpm']) {
      const burst = `${rate}_burst`;
      if (fieldOf(value, burst) !== undefined && fieldOf(value, rate) === undefined) {
        yield { path: [burst], message: `has no effect without ${rate}; set ${rate} too` };
      }
    }
  },
);

const weightInWords = 'a number from 0.01 to 100';
const globsInWords = 'a list of at least one glob';

const key = across(
  section({
    name: someText('text')
      .optional()
      .meta({ 'x-default': '`key-1`, `key-2`, …' })
      .describe('Name in logs and metrics.'),
    key: plainKey
      .optional()
      .describe('The key in plain text. Secret; only its hash is kept in memory. Either this or `key_hash`.'),
    key_hash: textLike(hashPattern, 'the SHA-256 of the key, 64 hex digits, with or without sha256: before them')
      .refine((text) => !isExampleDigest(digestOfHash(text) ?? ''), notAnExample)
      .optional()
      .describe('SHA-256 of the key, so that the file holds no secret.'),
    anonymous: oneOf(['without_key', 'any_key'])
      .optional()
      .describe(
        'Makes this the entry for anonymous clients: `without_key` for requests without a key, `any_key` also for requests with an unknown key. Instead of `key` and `key_hash`.',
      ),
    admin: flag()
      .default(false)
      .describe('Gives access to `/metrics` and to the full `/health` and `/status` on the port for clients.'),
    models: listOf(modelPattern(), globsInWords)
      .min(1, must(globsInWords))
      .default(['*'])
      .describe(
        'Globs of the models that the key may use. `*` matches any characters, slashes included; case does not count.',
      ),
    thinking: oneOf(thinkingModes)
      .optional()
      .meta({ 'x-default': "the model's" })
      .describe('Form of reasoning for clients with this key: see `models[].thinking`.'),
    limits: limits
      .prefault({})
      .describe(
        'Limits of the key. An absent limit does not apply; without `concurrency`, `limits.default_key_concurrency` applies.',
      ),
    weight: inWords(
      z.number(must(weightInWords)).min(0.01, must(weightInWords)).max(100, must(weightInWords)),
      weightInWords,
    )
      .default(1)
      .describe('Share of the key, in tokens, among the keys whose requests wait for a lease.'),
  }),
  findKeyContradictions,
);

/** The client keys. */
export const keys = across(listOf(key, 'a list of keys'), (value) =>
  findRepeated({
    list: value,
    nameOf: digestOf,
    field: [],
    message: (first) => `is the same key as keys[${first}]; remove one of them`,
  }),
);

function* findKeyContradictions(value: unknown): Iterable<Finding> {
  const [first, ...others] = ['key', 'key_hash', 'anonymous'].filter((name) => fieldOf(value, name) !== undefined);
  for (const other of others) yield { path: [other], message: `contradicts ${first}; give only one of them` };
  if (fieldOf(value, 'anonymous') !== undefined && fieldOf(value, 'admin') === true) {
    yield { path: ['admin'], message: 'must be false for anonymous clients' };
  }
  const isMapping = typeof value === 'object' && value !== null;
  if (isMapping && first === undefined)
    yield { path: ['key'], message: `is missing; give a key of ${keyInWords}, or key_hash` };
}

function digestOf(item: unknown): string | undefined {
  const [plain, hash] = [fieldOf(item, 'key'), fieldOf(item, 'key_hash')];
  if (typeof plain === 'string' && plain !== '') return digestOfKey(plain);
  if (typeof hash === 'string') return digestOfHash(hash);
  return fieldOf(item, 'anonymous') === undefined ? undefined : 'anonymous';
}
