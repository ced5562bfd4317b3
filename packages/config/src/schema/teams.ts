import { listOf, section } from '@sluice/setting-types';
import { across, findRepeated, textField } from './across.ts';
import { teamSettings } from './key-fields.ts';

const team = section({
  id: teamSettings.id.describe('Name of its rates and budgets in Redis, and in `keys[].team`.'),
  name: teamSettings.name.optional().meta({ 'x-default': 'its id' }).describe('Name for people.'),
  models: teamSettings.models
    .default(['*'])
    .describe('Globs of the models that its keys may use. Those of the key apply too.'),
  limits: teamSettings.limits.prefault({}).describe('Limits of all its keys together. An absent limit does not apply.'),
  budgets: teamSettings.budgets
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
