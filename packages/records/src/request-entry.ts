import { z } from 'zod';
import { microDollars } from './money.ts';

const requestOutcomes = ['complete', 'error', 'cancelled', 'lost'] as const;

/** Facts about a request that are known at its admission; the open entry in Redis. */
export const openEntrySchema = z.object({
  /** Id of the request in Redis, queue and frames. */
  id: z.string(),
  /** Id that the client got as `x-request-id`; absent if it is the same. */
  publicId: z.string().optional(),
  keyId: z.string(),
  keyName: z.string(),
  teamId: z.string().optional(),
  owner: z.string().optional(),
  tags: z.array(z.string()).default([]),
  /** Id of the session, from a header of a known client. */
  sessionId: z.string().optional(),
  /** Name of the agent that sent the request, from a header of a known client. */
  agent: z.string().optional(),
  operation: z.string(),
  /** Model as the client named it. */
  model: z.string(),
  stream: z.boolean(),
  /** Milliseconds since 1970. */
  acceptedAt: z.number().int(),
});
export type OpenEntry = z.infer<typeof openEntrySchema>;

/** Ledger entry of one accepted request. */
export const requestEntrySchema = openEntrySchema.extend({
  /** Milliseconds since 1970. */
  endedAt: z.number().int(),
  /** Time as a waiter of admission, and then in the queue until a worker took it. */
  waitedMs: z.number().int().nonnegative().optional(),
  queueWaitMs: z.number().int().nonnegative().optional(),
  /** Time to first token. */
  ttftMs: z.number().int().nonnegative().optional(),
  /** Model and upstream that served the answer; absent without an answer. */
  servedModel: z.string().optional(),
  upstream: z.string().optional(),
  outcome: z.enum(requestOutcomes),
  /** HTTP status of the error or the answer; 499 if the client left. */
  status: z.number().int(),
  code: z.string().optional(),
  /** Number of upstream calls. */
  attempts: z.number().int().nonnegative(),
  /** Tokens as the client was told them, or as they are counted without a report. */
  inputTokens: z.number().int().nonnegative(),
  outputTokens: z.number().int().nonnegative(),
  /** Cost of all attempts. */
  costMicros: microDollars,
  /** Some part of tokens or cost is counted here instead of reported by the provider. */
  estimated: z.boolean(),
  /** `fleet`: its ingress died, and another replica settled it. An entry of an `ingress` replaces it. */
  settledBy: z.enum(['ingress', 'fleet']),
});
export type RequestEntry = z.infer<typeof requestEntrySchema>;
