import { GatewayError } from '@sluice/protocol';
import type { Request } from 'express';
import { z } from 'zod';

/** Ends of the years 1969 and 9999 (UTC), beyond which neither ISO 8601 nor PostgreSQL's usual form has times. */
export const [earliestTime, latestTime] = [0, 253_402_300_799_999];

/** A time as ISO 8601 or as milliseconds since 1970. */
export const timeParameter = z
  .string()
  .transform((text) => (/^\d{12,14}$/.test(text) ? Number(text) : Date.parse(text)))
  .refine((ms) => ms >= earliestTime && ms <= latestTime, { error: 'must be a time such as 2026-11-30T12:00:00Z' });

/** Dollars, which become micro-dollars. */
export const dollarsParameter = z
  .string()
  .regex(/^\d{1,9}(\.\d{1,6})?$/, { error: 'must be an amount of dollars with at most six decimals' })
  .transform((text) => Math.round(Number(text) * 1_000_000));

export const countParameter = (most: number): z.ZodType<number, string> =>
  z
    .string()
    .regex(/^[1-9]\d{0,6}$/, { error: `must be a whole number from 1 to ${most}` })
    .transform(Number)
    .refine((count) => count <= most, { error: `must be at most ${most}` });

export const textParameter = z.string().min(1).max(256);

/**
 * Parses the query of a page.
 * @throws GatewayError 400 that names the parameter; an unknown one is refused too, because a filter with a slip of the pen
 *   would find everything
 */
export function readQuery<Query>(schema: z.ZodType<Query>, request: Request): Query {
  const { success, data, error } = schema.safeParse(request.query);
  if (success) return data;
  const [issue] = error.issues;
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const param = unknown ?? String(issue?.path[0] ?? '');
  throw new GatewayError('invalid_value', {
    message:
      unknown === undefined
        ? `The parameter '${param}' is not valid: ${issue?.message ?? ''}`
        : `There is no parameter '${unknown.slice(0, 64)}'.`,
    param: param.slice(0, 64),
  });
}
