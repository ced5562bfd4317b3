import { digestOfHash, digestOfKey, hashPattern } from '../key-digest.ts';
import { isExampleDigest, notAnExample, secretText } from '../example-secrets.ts';
import { across, fieldOf, type Finding, findRepeated } from './across.ts';
import { keySettings } from './key-fields.ts';
import { listOf, must, oneOf, section, textLike } from '@sluice/setting-types';
import { thinkingModes } from '@sluice/answers';

const shortestKey = 8;
const keyInWords = `at least ${shortestKey} characters without spaces`;

/** Type of a client key in plain text. */
export const plainKey = secretText(keyInWords).min(shortestKey, must(keyInWords));

const key = across(
  section({
    name: keySettings.name
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
    admin: keySettings.admin
      .default(false)
      .describe('Gives access to `/metrics` and to the full `/health` and `/status` on the port for clients.'),
    models: keySettings.models
      .default(['*'])
      .describe(
        'Globs of the models that the key may use. `*` matches any characters, slashes included; case does not count.',
      ),
    thinking: oneOf(thinkingModes)
      .optional()
      .meta({ 'x-default': "the model's" })
      .describe('Form of reasoning for clients with this key: see `models[].thinking`.'),
    limits: keySettings.limits
      .prefault({})
      .describe(
        'Limits of the key. An absent limit does not apply; without `concurrency`, `limits.default_key_concurrency` applies.',
      ),
    weight: keySettings.weight
      .default(1)
      .describe('Share of the key, in tokens, among the keys whose requests wait for a lease.'),
    budgets: keySettings.budgets
      .prefault({})
      .describe('Most that requests with this key may cost. An absent budget does not apply. Needs prices.'),
    team: keySettings.team
      .optional()
      .describe('Id of the team, in `teams`, whose models, limits and budgets apply to this key too.'),
    owner: keySettings.owner.optional().describe('Person or program that the key belongs to, for the records.'),
    tags: keySettings.tags.default([]).describe('Words by which the records can be summed up.'),
    expires_at: keySettings.expiresAt
      .optional()
      .meta({ 'x-default': 'never' })
      .describe('Time from which the key is refused, as in `2027-01-31T00:00:00Z`.'),
    allowed_addresses: keySettings.allowedAddresses
      .default([])
      .meta({ 'x-default': 'all' })
      .describe(
        'Addresses and networks, such as `10.0.0.0/8`, from which the key is accepted. Behind a proxy set `server.trust_proxy`.',
      ),
    log_bodies: keySettings.logBodies
      .default(false)
      .describe('Lets the records hold the bodies of its requests and answers, if they hold bodies at all.'),
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
