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

/** A `google.rpc.Status`, or what stands in for one: whatever shape it has, what it says is read. */
const error = z.unknown().optional();

/** A whole answer, or an event of a stream. */
export const responseSchema = z.object({
  error,
  candidates: z.array(candidateSchema).nullish(),
  promptFeedback: z.object({ blockReason: z.string().nullish() }).nullish(),
  usageMetadata: usageMetadataSchema.nullish().catch(undefined),
  modelVersion: z.string().nullish().catch(undefined),
  responseId: z.string().nullish().catch(undefined),
});
export type WireResponse = z.output<typeof responseSchema>;

/** An answer to `batchEmbedContents`. https://ai.google.dev/api/embeddings */
export const embeddingsSchema = z.object({
  error,
  /** In the order of the requests. */
  embeddings: z.array(z.object({ values: z.array(z.number()) })).nullish(),
  /** Of newer models alone. */
  usageMetadata: z.object({ promptTokenCount: count }).nullish().catch(undefined),
});
