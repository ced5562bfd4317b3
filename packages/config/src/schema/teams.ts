import { identifier, listOf, modelPattern, must, section, someText } from '@sluice/setting-types';
import { across, findRepeated, textField } from './across.ts';
import { budgets } from './budgets.ts';
import { keyLimits } from './key-limits.ts';

const globsInWords = 'a list of at least one glob';

const team = section({
  id: identifier().describe('Name of its rates and budgets in Redis, and in `keys[].team`.'),
  name: someText('text').optional().meta({ 'x-default': 'its id' }).describe('Name for people.'),
  models: listOf(modelPattern(), globsInWords)
    .min(1, must(globsInWords))
    .default(['*'])
    .describe('Globs of the models that its keys may use. Those of the key apply too.'),
  limits: keyLimits.prefault({}).describe('Limits of all its keys together. An absent limit does not apply.'),
  budgets: budgets
    .prefault({})
    .describe('Most that requests with its keys may cost together. An absent budget does not apply.'),
});

/** The teams: keys that share limits and budgets. */
export const teams = across(listOf(team, 'a list of teams'), (value) =>
  findRepeated({
    list: value,
    nameOf: textField('id'),
    field: ['id'],
    message: (first) => `is the id of teams[${first}] too; give each team its own`,
  }),
);
