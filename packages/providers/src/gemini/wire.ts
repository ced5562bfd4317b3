import { z } from 'zod';

/**
 * What we read of Gemini's answers, and nothing else; lenient, because fields come and go with the models.
 * Reference: https://ai.google.dev/api/generate-content
 */

const count = z.number().int().nonnegative().nullish().catch(undefined);

const functionCallSchema = z.object({
  id: z.string().nullish(),
  name: z.string(),
  args: z.record(z.string(), z.unknown()).nullish(),
});

const partSchema = z.object({
  text: z.string().nullish(),
  /** The text is a thought, not the answer. */
  thought: z.boolean().nullish(),
  /** Wanted back with this part in the next turn. */
  thoughtSignature: z.string().nullish(),
  functionCall: functionCallSchema.nullish(),
  inlineData: z.object({ mimeType: z.string(), data: z.string() }).nullish(),
});
export type WirePart = z.output<typeof partSchema>;

const candidateSchema = z.object({
  index: z.number().nullish(),
  content: z.object({ parts: z.array(partSchema).nullish() }).nullish(),
  finishReason: z.string().nullish(),
  finishMessage: z.string().nullish().catch(undefined),
});

const usageMetadataSchema = z.object({
  promptTokenCount: count,
  candidatesTokenCount: count,
  /** Not among those of the candidates. */
  thoughtsTokenCount: count,
  toolUsePromptTokenCount: count,
  cachedContentTokenCount: count,
  totalTokenCount: count,
});
export type UsageMetadata = z.output<typeof usageMetadataSchema>;

const detailSchema = z.object({
  reason: z.string().nullish().catch(undefined),
  /** A protobuf duration, as in `34.4s`. */
  retryDelay: z.string().nullish().catch(undefined),
  violations: z
    .array(z.object({ quotaId: z.string().nullish() }))
    .nullish()
    .catch(undefined),
  fieldViolations: z
    .array(z.object({ field: z.string().nullish() }))
    .nullish()
    .catch(undefined),
});

/** A `google.rpc.Status`. */
export const statusSchema = z.object({
  code: z.number().nullish().catch(undefined),
  message: z.string().nullish().catch(undefined),
  status: z.string().nullish().catch(undefined),
  details: z.array(detailSchema).nullish().catch(undefined),
});
export type RpcStatus = z.output<typeof statusSchema>;

/** A whole answer, or an event of a stream. */
export const responseSchema = z.object({
  error: statusSchema.nullish(),
  candidates: z.array(candidateSchema).nullish(),
  promptFeedback: z.object({ blockReason: z.string().nullish() }).nullish(),
  usageMetadata: usageMetadataSchema.nullish().catch(undefined),
  modelVersion: z.string().nullish().catch(undefined),
  responseId: z.string().nullish().catch(undefined),
});
export type WireResponse = z.output<typeof responseSchema>;

/** An answer to `batchEmbedContents`. https://ai.google.dev/api/embeddings */
export const embeddingsSchema = z.object({
  error: statusSchema.nullish(),
  /** In the order of the requests. */
  embeddings: z.array(z.object({ values: z.array(z.number()) })).nullish(),
  /** Of newer models alone. */
  usageMetadata: z.object({ promptTokenCount: count }).nullish().catch(undefined),
});

const envelopeSchema = z.object({ error: statusSchema });

/** An error body; streaming paths put it into a list. */
export const errorBodySchema = z.union([
  envelopeSchema,
  z
    .array(envelopeSchema)
    .min(1)
    .transform(([first]) => ({ error: first?.error ?? {} })),
]);
