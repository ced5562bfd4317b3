import { z } from 'zod';
import { upstreamAnswerSchema, wireErrorSchema } from '../errors/gateway-error.ts';
import { usageSchema } from '../openai/usage.ts';
import { failureKinds } from '../upstream/failure.ts';

/** Last failure of a request, without secrets, for the final error to the client. */
const lastFailureSchema = z.object({
  kind: z.enum(failureKinds),
  message: z.string(),
  status: z.number().optional(),
  code: z.string().optional(),
  param: z.string().optional(),
  retryAfterMs: z.number().nonnegative().optional(),
  shouldRetry: z.boolean().optional(),
  /** The provider's own answer; see `UpstreamFailure`. */
  answer: upstreamAnswerSchema.optional(),
  /** `upstream/model`, for the log; absent if no target was called. */
  target: z.string().optional(),
});
export type LastFailure = z.infer<typeof lastFailureSchema>;

/** Retry budget that a request has used so far; the ingress passes it from run to run. */
export const retryStateSchema = z.object({
  /** Number of attempts made. */
  attempts: z.number().int().nonnegative(),
  /** Number of waits after ordinary failures; the exponent of the next back-off. */
  waits: z.number().int().nonnegative(),
  /** Number of waits after rate limits; these have a separate schedule. */
  rateLimitWaits: z.number().int().nonnegative(),
  /** Targets (`upstream/model`) that do not serve this request; it is not sent to them again. */
  refusedBy: z.array(z.string()),
  /** Targets that timed out; they are tried again after all others. */
  silent: z.array(z.string()),
  /** Targets that timed out after the answer had begun, once per time-out; the second time excludes the target. */
  stalled: z.array(z.string()).default([]),
  /**
   * Target (`upstream/model`) that got the first attempt, and the attempts left for it before any other target is
   * tried.
   */
  staysAt: z.object({ target: z.string(), triesLeft: z.number().int().nonnegative() }).optional(),
  /** Time spent waiting for preferred targets to become available, in ms. */
  preferredWaitMs: z.number().nonnegative().default(0),
  /** Target whose answer broke off last; determines the order of the targets that may resume it. */
  brokenAt: z.object({ upstream: z.string(), model: z.string() }).optional(),
  /** Number of failures that another attempt would repeat; the second one fails the request. */
  spoiled: z.number().int().nonnegative().default(0),
  /** Credentials (`upstream/model#credential`) refused with 403 for this request. */
  forbidden: z.array(z.string()).default([]),
  /** Credentials (`upstream/model#credential`) that can't serve this request; other credentials of the same target may. */
  incapable: z.array(z.string()).default([]),
  /** Number of waits for the probe of an open circuit. */
  circuitWaits: z.number().int().nonnegative().default(0),
  /** Targets whose requested wait exceeds the wait before this run, with the rest of that wait, in ms. */
  away: z.array(z.object({ target: z.string(), ms: z.number().positive() })).default([]),
  /** Provider calls of embeddings that were sent in several batches, beyond one per attempt. */
  batchCalls: z.number().int().nonnegative().default(0),
  /** A kind of failure that this replica does not know is treated as absent. */
  lastFailure: lastFailureSchema.optional().catch(undefined),
  /** Targets that can't resume an answer from a prefill. */
  withoutPrefill: z.array(z.string()),
  /** Targets that do not accept the signed reasoning in this request. */
  withoutThinking: z.array(z.string()).default([]),
  /**
   * Credentials (`upstream/credential`) whose access token was renewed for this request; each is renewed at most once.
   */
  renewedTokens: z.array(z.string()).default([]),
  /** Approximate tokens received from failed attempts: billed by the provider, not reported to the client. */
  burntTokens: z.number().int().nonnegative(),
  /** Cost of all calls so far, in micro-dollars; an older replica does not count it. */
  costMicros: z.number().int().nonnegative().default(0),
  /** Some part of the cost so far is estimated, because a provider did not report its tokens. */
  isEstimated: z.boolean().default(false),
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
  withoutThinking: [],
  renewedTokens: [],
  burntTokens: 0,
  costMicros: 0,
  isEstimated: false,
};

/** `started`: a worker has the request and is about to make an attempt. */
export const startedSchema = z.object({ workerId: z.string() });

/** `holds`: this worker has claimed the run. */
export const holdsSchema = z.object({
  workerId: z.string(),
  /** The run has ended, and all its frames have been sent. */
  isOver: z.boolean(),
  /** Number of frames of the run sent before this one. */
  sent: z.number().int().nonnegative(),
});
export type Holds = z.infer<typeof holdsSchema>;

/** `disclaims`: this worker has not started the run and never will. */
export const disclaimsSchema = z.object({ workerId: z.string() });

const count = z.number().int().nonnegative();

/** `answered`: an upstream has begun to answer; sent before the first `data`. */
export const answeredSchema = z.object({
  upstream: z.string(),
  model: z.string(),
  attempts: z.number().int().positive(),
  /** Number of extension attempts so far; absent for none. */
  continuations: z.number().int().positive().optional(),
  /** Names of fields that the upstream did not get, without indices; absent for none, and from an older worker. */
  dropped: z.array(z.string()).optional(),
  /** The answer has the form of the client's own protocol; absent for a chat answer. */
  native: z.boolean().optional(),
  /** Credential of the attempt; an older worker does not send it. */
  credential: z.string().optional(),
  /** Tokens of the prompt, told by the provider or estimated; absent without a database. */
  prompt: z.object({ fresh: count, cacheRead: count, cacheWrite: count }).optional(),
});
export type Answered = z.infer<typeof answeredSchema>;

/** Cost of all calls of a request, as its last frame tells it. */
const spent = {
  /** Micro-dollars; absent for none, and from an older worker. */
  costMicros: z.number().int().nonnegative().optional(),
  /** Some part of the cost is estimated, because a provider did not report its tokens; absent for no. */
  isEstimated: z.boolean().optional(),
};

/** `end`: the answer is complete. */
export const endSchema = z.object({
  usage: usageSchema.optional(),
  /** Number of upstream events passed on; replaces the output tokens if a provider reports no usage. */
  events: z.number().int().nonnegative(),
  finishReason: z.string().optional(),
  responseModel: z.string().optional(),
  /** See `RetryState`. */
  burntTokens: z.number().int().nonnegative(),
  /** Number of extension attempts; absent for none. */
  continuations: z.number().int().positive().optional(),
  ...spent,
});
export type End = z.infer<typeof endSchema>;

/**
 * `retry`: the worker returns the request; the ingress submits it again after the delay, with the next epoch. If part
 * of the answer has been delivered, the ingress decides whether it can be resumed.
 */
export const retrySchema = z.object({
  delayMs: z.number().nonnegative(),
  state: retryStateSchema,
  /** Error for the client if no further run follows. */
  error: wireErrorSchema,
});
export type Retry = z.infer<typeof retrySchema>;

/** `error`: the request has failed permanently. */
export const failedSchema = z.object({
  error: wireErrorSchema,
  attempts: z.number().int().nonnegative(),
  upstream: z.string().optional(),
  /** Failure of the last attempt, for the log. */
  failure: z.object({ kind: z.string(), status: z.number().optional() }).optional().catch(undefined),
  /** Number of upstream events passed on before the failure; 0 means that the client has received nothing billable. */
  events: z.number().int().nonnegative(),
  ...spent,
});
export type Failed = z.infer<typeof failedSchema>;
