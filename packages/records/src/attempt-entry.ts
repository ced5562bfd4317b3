import { z } from 'zod';
import { microDollars } from './money.ts';
import { tokenCountsSchema } from './tokens.ts';

/**
 * `lost`: the worker died. The entry is the one that it kept for this case, or that of the ingress, from what the client had
 * received.
 */
export const attemptOutcomes = ['complete', 'failed', 'aborted', 'lost'] as const;

/** Ledger entry of one upstream attempt: who was called, what was used, and its cost. */
export const attemptEntrySchema = z.object({
  /** `<request id>.<epoch>.<number>`: the same for each delivery of the entry, and for the estimate that it replaces. */
  id: z.string(),
  requestId: z.string(),
  epoch: z.number().int().positive(),
  /** Number of the attempt among all of its request. */
  number: z.number().int().nonnegative(),
  upstream: z.string(),
  /** Model as the upstream names it. */
  model: z.string(),
  credential: z.string(),
  operation: z.string(),
  /** Milliseconds since 1970. */
  startedAt: z.number().int(),
  durationMs: z.number().int().nonnegative(),
  /** Time to first token. */
  ttftMs: z.number().int().nonnegative().optional(),
  outcome: z.enum(attemptOutcomes),
  failureKind: z.string().optional(),
  /** HTTP status of the upstream's answer. */
  status: z.number().int().optional(),
  tokens: tokenCountsSchema,
  /** Parts of `tokens` that are audio, where the provider tells them. */
  audioTokens: z.number().int().nonnegative().optional(),
  /** Parts of `tokens` that are images, where the provider tells them. */
  imageTokens: z.number().int().nonnegative().optional(),
  costMicros: microDollars,
  /** Cost that the provider itself reports. */
  providerCostMicros: microDollars.optional(),
  /** Source of the price: `<provider>@<date>` of the table, `config`, `default`, `free` or `none`. */
  priceSource: z.string(),
  /** The provider did not tell the tokens; they are counted here. */
  estimated: z.boolean(),
});
export type AttemptEntry = z.infer<typeof attemptEntrySchema>;

/** Returns the id of an attempt's entry. */
export const attemptId = ({ requestId, epoch, number }: Pick<AttemptEntry, 'requestId' | 'epoch' | 'number'>): string =>
  `${requestId}.${epoch}.${number}`;
