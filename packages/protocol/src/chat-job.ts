import { z } from 'zod';
import { requestIdPattern } from './relay/frame.ts';
import { retryStateSchema } from './relay/payloads.ts';

/**
 * Job that BullMQ carries: ids, not the conversation. The body lies beside it in Redis under a time to live, and the
 * record there decides whether the job is still wanted. Holds no secret.
 */
export const chatJobSchema = z.object({
  requestId: z.string().regex(requestIdPattern),
  /** Fencing epoch; see `Frame`. */
  epoch: z.number().int().positive(),
  /** Whose mailbox gets the frames. */
  ingressId: z.string(),
  /** Id of the client key: whose request this is. Jobs of older replicas do not say it. */
  tenant: z.string().default(''),
  /** The model as the client named it. */
  model: z.string(),
  stream: z.boolean(),
  /** The operation that is asked for. Jobs of older replicas do not say it. */
  operation: z.enum(['chat', 'embeddings']).default('chat'),
  /** Reasoning stay in the answer's text, marked as the provider marks them. Default: no. */
  keepsThinkingMarkup: z.boolean().optional(),
  state: retryStateSchema,
  /** ms since 1970 on the Redis clock. Jobs of older replicas do not say it. */
  deadlineAt: z.number().int().optional(),
  /** W3C trace context of the producer's span; absent when tracing is off. */
  traceparent: z.string().optional(),
  tracestate: z.string().optional(),
});
export type ChatJob = z.infer<typeof chatJobSchema>;
export type Operation = ChatJob['operation'];
