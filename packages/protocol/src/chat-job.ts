import { z } from 'zod';
import { requestIdPattern } from './relay/frame.ts';
import { retryStateSchema } from './relay/payloads.ts';

/**
 * Job that BullMQ carries: ids, epoch, deadline. The request body lies beside it in Redis with a time to live, and the
 * record there decides whether the job is still wanted. Holds no secret.
 */
export const chatJobSchema = z.object({
  requestId: z.string().regex(requestIdPattern),
  /** Fencing epoch; see `Frame`. */
  epoch: z.number().int().positive(),
  /** Id of the ingress whose mailbox receives the frames. */
  ingressId: z.string(),
  /** Id of the client key that sent the request. Jobs of older replicas lack it. */
  tenant: z.string().default(''),
  /** The model as the client named it. */
  model: z.string(),
  stream: z.boolean(),
  /** Operation that the client asked for. Jobs of older replicas lack it. */
  operation: z.enum(['chat', 'embeddings']).default('chat'),
  /** Keeps the reasoning inside the answer's text, with the provider's own markup. Default: false. */
  keepsThinkingMarkup: z.boolean().optional(),
  /** Parameters of a translated request that a target may leave out rather than refuse the request. */
  mayDrop: z.array(z.string()).optional(),
  state: retryStateSchema,
  /** Deadline, in ms since 1970 on the Redis clock. Jobs of older replicas lack it. */
  deadlineAt: z.number().int().optional(),
  /** W3C trace context of the producer's span; absent when tracing is off. */
  traceparent: z.string().optional(),
  tracestate: z.string().optional(),
});
export type ChatJob = z.infer<typeof chatJobSchema>;
export type Operation = ChatJob['operation'];
