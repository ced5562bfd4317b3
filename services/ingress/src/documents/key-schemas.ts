import { z } from 'zod';
import type { NamedSchema } from './route-description.ts';

/* Answers about client keys and teams, as the document shows them. */

const limit = z.number().optional();
const limits = z.object({ concurrency: limit, rpm: limit, rpm_burst: limit, tpm: limit, tpm_burst: limit });
const budget = z.object({
  limit: z.number().describe('US dollars.'),
  spent: z.number().nullable().describe('US dollars; null while Redis is away.'),
  remaining: z.number().nullable(),
});
const owner = { of: z.enum(['key', 'team', 'fleet']), id: z.string().nullable() };
const boundLimit = z.object({ ...owner, limit: z.number() }).optional();
const boundBudget = budget.extend(owner).optional();
const budgets = z.object({
  day_usd: budget.optional(),
  month_usd: budget.optional(),
  total_usd: budget.optional(),
});
const time = z.number().int().nullable().describe('Seconds since 1970.');

const keyShape = z.object({
  object: z.literal('key'),
  id: z.string(),
  name: z.string(),
  source: z.enum(['file', 'database']).describe('A key of the file is read-only here.'),
  status: z.enum(['active', 'revoked', 'expired']),
  hints: z.array(z.string()).describe('First and last four characters of each valid secret, the newest last.'),
  admin: z.boolean(),
  models: z.array(z.string()),
  team: z.string().nullable(),
  owner: z.string().nullable(),
  tags: z.array(z.string()),
  limits,
  budgets,
  binding: z
    .object({
      concurrency: boundLimit,
      rpm: boundLimit,
      tpm: boundLimit,
      day_usd: boundBudget,
      month_usd: boundBudget,
      total_usd: boundBudget,
    })
    .describe('The limit of each kind that a request meets first, and whose it is.'),
  weight: z.number(),
  allowed_addresses: z.array(z.string()),
  log_bodies: z.boolean(),
  created_at: time,
  expires_at: time,
  revoked_at: time,
  published: z
    .literal(false)
    .optional()
    .describe('Redis was away: other replicas get the change when it has returned.'),
});
export const key: NamedSchema = { name: 'ClientKey', schema: keyShape };
export const madeKey: NamedSchema = {
  name: 'ClientKeyWithSecret',
  schema: keyShape.extend({ key: z.string().describe('The secret. No other answer has it.') }),
};
export const keyList: NamedSchema = {
  name: 'ClientKeyList',
  schema: z.object({
    object: z.literal('list'),
    data: z.array(keyShape),
    has_more: z.boolean(),
    next_after: z.string().nullable().describe('Value of `after` for the next page.'),
  }),
};
const teamShape = z.object({
  object: z.literal('team'),
  id: z.string(),
  name: z.string(),
  source: z.enum(['file', 'database']),
  models: z.array(z.string()),
  limits,
  budgets,
  created_at: time,
  published: z.literal(false).optional(),
});
export const team: NamedSchema = { name: 'Team', schema: teamShape };
export const teamList: NamedSchema = {
  name: 'TeamList',
  schema: z.object({
    object: z.literal('list'),
    data: z.array(teamShape),
    has_more: z.boolean(),
    next_after: z.string().nullable(),
  }),
};
export const removed: NamedSchema = {
  name: 'RemovedTeam',
  schema: z.object({ object: z.literal('team'), id: z.string(), deleted: z.literal(true) }),
};
