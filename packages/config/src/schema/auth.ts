import { listOf, milliseconds, must, oneOf, section, someText, textLike } from '@sluice/setting-types';
import { across, findRepeated, textField } from './across.ts';
import { keySettings } from './key-fields.ts';

/** Algorithms with a public key. With others, each process that can verify a token could make one. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const;
const claimName = () => someText('the name of a claim');
const url = () => textLike(/^https?:\/\/[^\s?#]+$/, 'a URL that begins with https:// or http://');

const issuer = section({
  issuer: url().describe('Issuer, exactly as in the claim `iss`.'),
  audience: listOf(someText('text'), 'a list of at least one audience')
    .min(1, must('a list of at least one audience'))
    .describe('Audiences; the claim `aud` must have one of them.'),
  jwks_url: url()
    .optional()
    .meta({ 'x-default': 'that of `<issuer>/.well-known/openid-configuration`' })
    .describe('URL of the public keys of the issuer.'),
  algorithms: listOf(oneOf(algorithms), `a list of ${algorithms.join(', ')}`)
    .min(1, must(`a list of ${algorithms.join(', ')}`))
    .default(['RS256', 'ES256'])
    .describe('Algorithms that tokens may be signed with. Only those with a public key can be given.'),
  claims: section({
    name: claimName().default('sub').describe('Claim with the name for logs and records.'),
    owner: claimName().default('sub').describe('Claim with the owner for the records.'),
    team: claimName().optional().describe('Claim with the id of a team. A token without it is refused.'),
    models: claimName()
      .optional()
      .describe('Claim with a list of globs of models. A token without it gets `models` of the issuer.'),
    limits: claimName()
      .optional()
      .describe('Claim with a mapping of limits, named as in `keys[].limits`, that replaces `limits` of the issuer.'),
  })
    .prefault({})
    .describe('Names of the claims that say what a token may do.'),
  team: keySettings.team.optional().describe('Team of every token, instead of one in a claim.'),
  models: keySettings.models.default(['*']).describe('Globs of the models that each identity may use.'),
  limits: keySettings.limits.prefault({}).describe('Limits of each identity.'),
  budgets: keySettings.budgets.prefault({}).describe('Budgets of each identity.'),
  tags: keySettings.tags.default([]).describe('Words by which the records can be summed up.'),
  clock_tolerance_ms: milliseconds(0)
    .max(300_000, must('at most 300000 milliseconds'))
    .default(10_000)
    .describe("Most that the issuer's clock may differ."),
  refresh_ms: milliseconds(1000)
    .default(600_000)
    .describe('Time between two readings of the public keys. Those known stay in use while the issuer is away.'),
  refetch_ms: milliseconds(1000)
    .default(30_000)
    .describe('Shortest time between two readings because of an unknown key.'),
});

/** Ways to identify clients beside client keys. */
export const auth = section({
  oidc: across(listOf(issuer, 'a list of issuers'), (value) =>
    findRepeated({
      list: value,
      nameOf: textField('issuer'),
      field: ['issuer'],
      message: (first) => `is the same as auth.oidc[${first}].issuer; remove one of them`,
    }),
  )
    .default([])
    .describe('Issuers whose tokens (JWT) count as client keys.'),
});
