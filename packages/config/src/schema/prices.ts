import { inWords, listOf, modelPattern, must, oneOf, section } from '@sluice/setting-types';
import { z } from 'zod';

const most = 1_000_000;
const dollarsInWords = `US dollars from 0 to ${most}`;
const dollars = (): z.ZodNumber =>
  inWords(z.number(must(dollarsInWords)).min(0, must(dollarsInWords)).max(most, must(dollarsInWords)), dollarsInWords);

const rates = {
  cache_read: dollars()
    .optional()
    .meta({ 'x-default': 'as `input`' })
    .describe('Tokens of the prompt that the provider read from its cache.'),
  cache_write: dollars()
    .optional()
    .meta({ 'x-default': 'as `input`' })
    .describe('Tokens of the prompt that the provider wrote into its cache.'),
  reasoning: dollars().optional().meta({ 'x-default': 'as `output`' }).describe('Tokens of the reasoning.'),
};

export const prices = section({
  unknown_model: oneOf(['refuse', 'default', 'zero'])
    .default('default')
    .describe(
      'Treatment of a model that has a price neither in `overrides` nor in the table. `default`: it costs the `default` price. `zero`: it costs nothing, so that no budget bounds it. `refuse`: requests for it get 403, if none of its targets has a price, and a database is configured or their key or its team has a budget.',
    ),
  default: section({
    input: dollars().default(5).describe('Tokens of the prompt.'),
    output: dollars().default(25).describe('Tokens of the answer.'),
    ...rates,
  })
    .prefault({})
    .describe('Price of a model without one, in US dollars per million tokens.'),
  overrides: listOf(
    section({
      upstream: modelPattern().default('*').describe('Id of an upstream, or a glob over ids.'),
      model: modelPattern().describe(
        'Name of a model at the upstream, or a glob over such names. Case does not count. The first override that fits wins.',
      ),
      input: dollars().describe('Tokens of the prompt.'),
      output: dollars().describe('Tokens of the answer.'),
      ...rates,
    }),
    'a list of prices',
  )
    .default([])
    .describe('Your own prices, in US dollars per million tokens. They win over the table.'),
});
