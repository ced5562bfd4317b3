import { z } from 'zod';
import { budgetsSchema } from './budgets.ts';

const limitsSchema = z.object({
  concurrency: z.number().int().positive().optional(),
  rpm: z.number().int().positive().optional(),
  rpmBurst: z.number().int().positive().optional(),
  tpm: z.number().int().positive().optional(),
  tpmBurst: z.number().int().positive().optional(),
});

/** A team: limits and budgets that all its keys share. */
export const teamSchema = z.object({
  id: z.string(),
  name: z.string(),
  models: z.array(z.string()).default(['*']),
  limits: limitsSchema.default({}),
  budgets: budgetsSchema.default({}),
});
export type Team = z.infer<typeof teamSchema>;

/** A secret that opens a key; a rotation leaves two of them valid for a while. */
const keySecretSchema = z.object({
  /** SHA-256, 64 hex digits. */
  digest: z.string(),
  /** First and last four characters. */
  hint: z.string(),
  /** Milliseconds since 1970; absent = as long as the key. */
  expiresAt: z.number().int().optional(),
});

/**
 * Id of a client key. Without a colon: in Redis, the leases and rates of the team `blue` have the name of a key `team:blue`.
 */
export const clientKeyIdSchema = z.string().regex(/^[\w-]{1,64}$/, 'must be letters, digits, _ and -');

/** A client key of the database, as Redis and the processes hold it. */
export const storedKeySchema = z.object({
  /** Name of its leases, rates and budgets in Redis; stays the same when the key is rotated. */
  id: clientKeyIdSchema,
  name: z.string(),
  secrets: z.array(keySecretSchema),
  admin: z.boolean().default(false),
  models: z.array(z.string()).default(['*']),
  limits: limitsSchema.default({}),
  budgets: budgetsSchema.default({}),
  weight: z.number().positive().default(1),
  /** Team of the file or of the database, whose models, limits and budgets apply too. */
  teamId: z.string().optional(),
  owner: z.string().optional(),
  tags: z.array(z.string()).default([]),
  /** Addresses and networks in CIDR form from which it may be used; empty = all. */
  allowedAddresses: z.array(z.string()).default([]),
  /** Bodies of its requests may be stored, if the configuration stores bodies. */
  mayLogBodies: z.boolean().default(false),
  /** Milliseconds since 1970. */
  expiresAt: z.number().int().optional(),
  isRevoked: z.boolean().default(false),
  /** Milliseconds since 1970. */
  revokedAt: z.number().int().optional(),
  /** Its running streams end when it is revoked. */
  endsStreams: z.boolean().default(false),
});
export type StoredKey = z.infer<typeof storedKeySchema>;

/** Time (ms) for which the fleet remembers that a key was revoked; then its secret is like any unknown one. */
export const revokedKeptMs = 7 * 24 * 3_600_000;
