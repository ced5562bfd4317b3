import { z } from 'zod';
import { wireErrorSchema } from '../errors/gateway-error.ts';
import { usageSchema } from '../openai/usage.ts';
import { failureKinds } from '../upstream/failure.ts';

/** The last failure of a request, free of secrets, for the error that its client gets in the end. */
const lastFailureSchema = z.object({
  kind: z.enum(failureKinds),
  message: z.string(),
  status: z.number().optional(),
  code: z.string().optional(),
  param: z.string().optional(),
  retryAfterMs: z.number().nonnegative().optional(),
  shouldRetry: z.boolean().optional(),
  /** `upstream/model`, for the log; absent where no target was called. */
  target: z.string().optional(),
});
export type LastFailure = z.infer<typeof lastFailureSchema>;

/** The chances that a request has used up so far; handed from run to run through the ingress. */
export const retryStateSchema = z.object({
  /** Upstream calls made. */
  attempts: z.number().int().nonnegative(),
  /** Waits taken after ordinary failures; the exponent of the next back-off. */
  waits: z.number().int().nonnegative(),
  /** Waits taken after rate limits; they have a schedule of their own. */
  rateLimitWaits: z.number().int().nonnegative(),
  /** Targets (`upstream/model`) that must not see this request again: they refused what it asks. */
  refusedBy: z.array(z.string()),
  /** Targets that fell silent; they see it again after all others. */
  silent: z.array(z.string()),
  /** Targets that fell silent after they had begun to answer, once for each time; the second time is the last. */
  stalled: z.array(z.string()).default([]),
  /** The target (`upstream/model`) that the request was sent to first, and the tries that it has before any other. */
  staysAt: z.object({ target: z.string(), triesLeft: z.number().int().nonnegative() }).optional(),
  /** Time that the request has waited for preferred targets to come back, ms. */
  preferredWaitMs: z.number().nonnegative().default(0),
  /** The target whose answer broke off last, for the order of those that may go on with it. */
  brokenAt: z.object({ upstream: z.string(), model: z.string() }).optional(),
  /** Answers that would come the same again (`malformed`): after two of them the request has failed. */
  spoiled: z.number().int().nonnegative().default(0),
  /** Credentials (`upstream/credential`) that were refused with 403 for this request. */
  forbidden: z.array(z.string()).default([]),
  /** Credentials, named alike, that can't do what this request asks for; others of the same target may. */
  incapable: z.array(z.string()).default([]),
  /** Waits taken for the probe of an open circuit. */
  circuitWaits: z.number().int().nonnegative().default(0),
  /** Targets that asked to be left alone for longer than the wait before this run, and the time that is left of it, ms. */
  away: z.array(z.object({ target: z.string(), ms: z.number().positive() })).default([]),
  /** Calls of embeddings in several batches, beyond one for each attempt. */
  batchCalls: z.number().int().nonnegative().default(0),
  /** A failure of a kind that this replica does not know counts as none. */
  lastFailure: lastFailureSchema.optional().catch(undefined),
  /** Targets that do not write on where an answer broke off. */
  withoutPrefill: z.array(z.string()),
  /** Credentials (`upstream/credential`) whose token was renewed for this request: none is renewed twice. */
  renewedTokens: z.array(z.string()).default([]),
  /** Tokens, about, that calls which failed have sent: somebody pays for them, and no client has them counted. */
  burntTokens: z.number().int().nonnegative(),
});
export type RetryState = z.infer<typeof retryStateSchema>;

export const firstRetryState: RetryState = {
  attempts: 0,
  waits: 0,
  rateLimitWaits: 0,
  refusedBy: [],
  silent: [],
  stalled: [],
  preferredWaitMs: 0,
  spoiled: 0,
  forbidden: [],
  incapable: [],
  circuitWaits: 0,
  away: [],
  batchCalls: 0,
  withoutPrefill: [],
  renewedTokens: [],
  burntTokens: 0,
};

/** `started`: a worker holds the request and is about to call an upstream. */
export const startedSchema = z.object({ workerId: z.string() });

/** `holds`: this worker has claimed the run. */
export const holdsSchema = z.object({
  workerId: z.string(),
  /** The run is over, and all its frames have been sent. */
  isOver: z.boolean(),
  /** Frames of the run that were sent before this one. */
  sent: z.number().int().nonnegative(),
});
export type Holds = z.infer<typeof holdsSchema>;

/** `disclaims`: this worker has not begun the run, and never will. */
export const disclaimsSchema = z.object({ workerId: z.string() });

/** `answered`: an upstream has begun to answer; sent before the first `data`. */
export const answeredSchema = z.object({
  upstream: z.string(),
  model: z.string(),
  attempts: z.number().int().positive(),
  /** Number of calls that write on where the answer had met its limit, this one included; stated for each of them. */
  continuations: z.number().int().positive().optional(),
});
export type Answered = z.infer<typeof answeredSchema>;

/** `end`: the answer is complete. */
export const endSchema = z.object({
  usage: usageSchema.optional(),
  /** Upstream events passed on; stands in for output tokens where a provider reports no usage. */
  events: z.number().int().nonnegative(),
  finishReason: z.string().optional(),
  responseModel: z.string().optional(),
  /** See `RetryState`. */
  burntTokens: z.number().int().nonnegative(),
  /** Calls that wrote on where the answer had met its limit; absent for none. */
  continuations: z.number().int().positive().optional(),
});
export type End = z.infer<typeof endSchema>;

/**
 * `retry`: the worker gives the request back; the ingress submits it again after the delay, one epoch later. If part of
 * the answer has been delivered, the ingress decides whether it can be continued.
 */
export const retrySchema = z.object({
  delayMs: z.number().nonnegative(),
  state: retryStateSchema,
  /** The error that the client would be told if there were no other try. */
  error: wireErrorSchema,
});
export type Retry = z.infer<typeof retrySchema>;

/** `error`: the request has failed for good. */
export const failedSchema = z.object({
  error: wireErrorSchema,
  attempts: z.number().int().nonnegative(),
  upstream: z.string().optional(),
  /** The last failure of a call, for the log. */
  failure: z.object({ kind: z.string(), status: z.number().optional() }).optional().catch(undefined),
  /** Upstream events passed on before the failure; 0 means that nothing was billed to the client's knowledge. */
  events: z.number().int().nonnegative(),
});
export type Failed = z.infer<typeof failedSchema>;
