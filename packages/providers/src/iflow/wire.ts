import { z } from 'zod';

/**
 * The members of iFlow's answers that the adapter reads beyond OpenAI's shape. Described in docs/providers/iflow.md.
 */

/** An error, often with HTTP status 200. `status` is not an HTTP status, and usually a text. */
export const statusBodySchema = z.object({
  status: z.union([z.string().regex(/^\d+$/), z.number()]).transform(Number),
  msg: z.string().nullish(),
  choices: z.undefined().optional(),
});

/** Answer of the token endpoint: a grant, or a refusal with status 200. */
export const grantSchema = z.object({
  access_token: z.string().min(1).nullish(),
  refresh_token: z.string().min(1).nullish(),
  token_type: z.string().nullish(),
  scope: z.string().nullish(),
  /** Lifetime in s. */
  expires_in: z.number().positive().nullish().catch(undefined),
  message: z.string().nullish().catch(undefined),
  error_description: z.string().nullish().catch(undefined),
});
export type Grant = z.output<typeof grantSchema>;

export const userInfoSchema = z.object({
  data: z
    .object({
      apiKey: z.string().min(1).nullish(),
      email: z.string().nullish(),
      phone: z.string().nullish(),
    })
    .nullish(),
});

/** A login file: iFlow's own, its settings', or that of another gateway. */
export const loginFileSchema = z.object({
  access_token: z.string().nullish(),
  refresh_token: z.string().nullish(),
  apiKey: z.string().nullish(),
  api_key: z.string().nullish(),
  expiry_date: z.union([z.number(), z.string()]).nullish(),
  expired: z.string().nullish(),
});
