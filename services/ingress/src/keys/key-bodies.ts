import { keySettings, teamSettings } from '@sluice/config/schema';
import type { Budgets } from '@sluice/records';
import { z } from 'zod';

/*
 * Bodies of the requests that create and change keys and teams. Their fields are those of the file, so that an entry can be
 * moved from one to the other; in a change, null removes a field.
 */

const shapeOfKey = {
  name: keySettings.name,
  admin: keySettings.admin,
  models: keySettings.models,
  limits: keySettings.limits,
  budgets: keySettings.budgets,
  weight: keySettings.weight,
  tags: keySettings.tags,
  allowed_addresses: keySettings.allowedAddresses,
  log_bodies: keySettings.logBodies,
};
const expiresAt = z
  .union([keySettings.expiresAt, z.number().int().positive().max(253_402_300_799)], {
    error: 'must be a time such as 2027-01-31T00:00:00Z, or seconds since 1970',
  })
  .transform((time) => (typeof time === 'string' ? Date.parse(time) : time * 1000));
const { team, owner } = keySettings;

export const newKeyBody = z.strictObject({
  ...optional(shapeOfKey),
  name: keySettings.name,
  team: team.nullish(),
  owner: owner.nullish(),
  expires_at: expiresAt.nullish(),
});

export const keyChangeBody = z.strictObject({
  ...optional(shapeOfKey),
  team: team.nullable().optional(),
  owner: owner.nullable().optional(),
  expires_at: expiresAt.nullable().optional(),
});

export const rotateBody = z.strictObject({
  overlap_seconds: z
    .number({ error: 'must be a number of seconds from 0 to 2592000' })
    .int({ error: 'must be a whole number of seconds' })
    .min(0, { error: 'must be 0 or more' })
    .max(2_592_000, { error: 'must be at most 2592000, which is 30 days' })
    .default(0),
});

const shapeOfTeam = {
  name: teamSettings.name,
  models: teamSettings.models,
  limits: teamSettings.limits,
  budgets: teamSettings.budgets,
};

export const newTeamBody = z.strictObject({ ...optional(shapeOfTeam), id: teamSettings.id });
export const teamChangeBody = z.strictObject(optional(shapeOfTeam));

/** Fields that keys and teams share, as the store has them. */
export function sharedFields(body: z.output<typeof teamChangeBody>) {
  const { name, models, limits, budgets } = body;
  return {
    ...(name === undefined ? {} : { name }),
    ...(models === undefined ? {} : { models }),
    ...(limits === undefined ? {} : { limits: toLimits(limits) }),
    ...(budgets === undefined ? {} : { budgets: toBudgets(budgets) }),
  };
}

/** Fields of a change of a key, as the store has them. */
export function keyFields(body: z.output<typeof keyChangeBody>) {
  const { admin, weight, tags, allowed_addresses, log_bodies } = body;
  return {
    ...sharedFields(body),
    ...(admin === undefined ? {} : { admin }),
    ...(weight === undefined ? {} : { weight }),
    ...(tags === undefined ? {} : { tags }),
    ...(allowed_addresses === undefined ? {} : { allowedAddresses: allowed_addresses }),
    ...(log_bodies === undefined ? {} : { mayLogBodies: log_bodies }),
  };
}

const toLimits = ({ concurrency, rpm, rpm_burst, tpm, tpm_burst }: z.output<typeof keySettings.limits>) => ({
  concurrency,
  rpm,
  rpmBurst: rpm_burst,
  tpm,
  tpmBurst: tpm_burst,
});

const micros = (usd: number | undefined): number | undefined => (usd === undefined ? undefined : Math.round(usd * 1e6));

const toBudgets = ({ day_usd, month_usd, total_usd }: z.output<typeof keySettings.budgets>): Budgets => ({
  day: micros(day_usd),
  month: micros(month_usd),
  total: micros(total_usd),
});

function optional<Shape extends Readonly<Record<string, z.ZodType>>>(
  shape: Shape,
): { [Name in keyof Shape]: z.ZodOptional<Shape[Name]> };
function optional(shape: Readonly<Record<string, z.ZodType>>): Record<string, z.ZodType> {
  return Object.fromEntries(Object.entries(shape).map(([name, type]) => [name, type.optional()]));
}
