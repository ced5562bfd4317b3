import { z } from 'zod';

export const bodyKinds = ['request', 'response'] as const;
export type BodyKind = (typeof bodyKinds)[number];

/** The body of one request, or of the answer to it. */
export const bodyEntrySchema = z.object({
  /** Id of the request in Redis, queue and frames. */
  id: z.string(),
  kind: z.enum(bodyKinds),
  /** Milliseconds since 1970. */
  arrivedAt: z.number().int(),
  /** Size of the whole body, as it was sent. */
  sizeBytes: z.number().int().nonnegative(),
  /** Only a part of the body is kept. */
  isTruncated: z.boolean(),
  /** The masked text, compressed and sealed; base64. */
  content: z.string(),
});
export type BodyEntry = z.infer<typeof bodyEntrySchema>;
