import { flag, identifier, inWords, listOf, modelPattern, must, someText, textLike } from '@sluice/setting-types';
import { z } from 'zod';
import { addressRange } from './address-range.ts';
import { budgets } from './budgets.ts';
import { keyLimits } from './key-limits.ts';

const weightInWords = 'a number from 0.01 to 100';
const globsInWords = 'a list of at least one glob';
const tagsInWords = 'a list of up to 32 texts of up to 64 characters';
const timeInWords = 'a date, or date and time with its zone, such as 2027-01-31T00:00:00Z';

/** Text of the records: an owner or a tag. */
const shortText = textLike(/^[^\s\p{C}](?:[^\p{C}]{0,62}[^\s\p{C}])?$/u, 'a text of up to 64 characters');

/** Types of the settings of a client key, in the file and in the API, without their defaults. */
export const keySettings = {
  name: someText('text'),
  admin: flag(),
  models: listOf(modelPattern(), globsInWords).min(1, must(globsInWords)),
  limits: keyLimits,
  budgets,
  weight: inWords(
    z.number(must(weightInWords)).min(0.01, must(weightInWords)).max(100, must(weightInWords)),
    weightInWords,
  ),
  team: identifier(),
  owner: shortText,
  tags: listOf(shortText, tagsInWords).max(32, must(tagsInWords)),
  /** A point in time. The reader of YAML leaves it as text, with quotes or without. */
  expiresAt: textLike(
    /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2}))?$/,
    timeInWords,
  ).refine((text) => !Number.isNaN(Date.parse(text)), must(timeInWords)),
  allowedAddresses: listOf(addressRange, 'a list of addresses and networks'),
  logBodies: flag(),
} as const;

/** The same for a team. */
export const teamSettings = {
  id: identifier(),
  name: keySettings.name,
  models: keySettings.models,
  limits: keyLimits,
  budgets,
} as const;
