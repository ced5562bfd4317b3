import { blames } from '@sluice/protocol';
import { z } from 'zod';
import { requestEntrySchema } from './request-entry.ts';

const ms = z.number().nonnegative();

/**
 * Parts of a request's time on its ingress, in ms. They follow each other without gaps: their sum is the time from the
 * arrival of the request to the end of its answer.
 */
export const timelineSchema = z.object({
  /** Until the client key is known. */
  auth: ms,
  /** Reading and checking the body. */
  body: ms,
  /** Until admission has decided, and as a waiter. */
  admission: ms,
  /** Until a worker has the request. */
  queue: ms,
  /** Until the worker has sent the first piece: failed attempts, waits, and the time to first token of the last attempt. */
  attempts: ms,
  /** From the arrival of the first piece of the answer until the worker has sent the last one. */
  stream: ms,
  /** The way of the first and of the last piece, or of the error, from the worker through Redis to the ingress. */
  relay: ms.default(0),
  /** Until the operating system has taken the last byte for the client. */
  client: ms,
});
export type Timeline = z.infer<typeof timelineSchema>;

/** The story of one request, accepted or refused. Its tokens and cost stand in the ledger. */
export const requestLogSchema = z.object({
  ...requestEntrySchema.pick({ keyId: true, keyName: true, model: true, operation: true, stream: true }).partial()
    .shape,
  id: z.string(),
  /** Id that the client got as `x-request-id`. */
  publicId: z.string(),
  traceId: z.string().optional(),
  /** Milliseconds since 1970. */
  arrivedAt: z.number().int(),
  durationMs: ms,
  /** Absent if the ingress of the request was killed. */
  timeline: timelineSchema.optional(),
  status: z.number().int(),
  /** `lost`: the ingress was killed; the fleet has settled the request. */
  outcome: z.enum(['complete', 'error', 'cancelled', 'refused', 'lost']),
  code: z.string().optional(),
  /** Text of the error that the client got. */
  error: z.string().optional(),
  /** The side that caused the error. */
  blame: z.enum(blames).optional(),
  upstream: z.string().optional(),
  attempts: z.number().int().nonnegative().optional(),
  resumptions: z.number().int().nonnegative().optional(),
  continuations: z.number().int().nonnegative().optional(),
  droppedMessages: z.number().int().nonnegative().optional(),
  clientAddress: z.string().optional(),
  userAgent: z.string().optional(),
});
export type RequestLog = z.infer<typeof requestLogSchema>;
