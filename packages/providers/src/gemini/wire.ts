import { isObject, type JsonObject } from '@sluice/protocol';
import { z } from 'zod';

/**
 * The members of Gemini's answers that the adapter reads. The schemas are lenient, because members vary between models.
 * Reference: https://ai.google.dev/api/generate-content
 */

const count = z.number().int().nonnegative().nullish().catch(undefined);

/** A value of a call's arguments, or a piece of a text value. */
const partialArgSchema = z.object({
  /** Path, as in `$.places[0].city`. */
  jsonPath: z.string().nullish(),
  stringValue: z.string().nullish(),
  numberValue: z.unknown().optional(),
  boolValue: z.boolean().nullish(),
  nullValue: z.unknown().optional(),
  /** More of this text will follow. */
  willContinue: z.boolean().nullish(),
});
export type WirePartialArg = z.output<typeof partialArgSchema>;

const functionCallSchema = z.object({
  id: z.string().nullish(),
  /** Only on the first piece of a call. */
  name: z.string().nullish(),
  args: z.custom<JsonObject>(isObject).nullish(),
  partialArgs: z.array(partialArgSchema).nullish(),
  /** More of this call will follow. */
  willContinue: z.boolean().nullish(),
});
export type WireCall = z.output<typeof functionCallSchema>;

const partSchema = z.object({
  text: z.string().nullish(),
  /** The text is reasoning, not the answer. */
  thought: z.boolean().nullish(),
  /** Must be sent back with this part in the next turn. */
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
  /** Not included in `candidatesTokenCount`. */
  thoughtsTokenCount: count,
  toolUsePromptTokenCount: count,
  cachedContentTokenCount: count,
  totalTokenCount: count,
});
export type UsageMetadata = z.output<typeof usageMetadataSchema>;

/** A `google.rpc.Status` or a replacement for it, of any shape. */
const error = z.unknown().optional();

/** A whole answer, or an event of a stream. */
export const responseSchema = z.object({
  error,
  candidates: z.array(candidateSchema).nullish(),
  /** Replaces the candidates if the prompt is refused; otherwise rates the safety of the prompt. */
  promptFeedback: z
    .object({
      blockReason: z.string().nullish().catch(undefined),
      blockReasonMessage: z.string().nullish().catch(undefined),
    })
    .nullish()
    .catch(undefined),
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
  /** Only from newer models. */
  usageMetadata: z.object({ promptTokenCount: count }).nullish().catch(undefined),
});
