import { z } from 'zod';
import { isObject, type JsonObject } from '../json-object.ts';

/**
 * What we read of Gemini's answers, and nothing else; lenient, because fields come and go with the models.
 * Reference: https://ai.google.dev/api/generate-content
 */

const count = z.number().int().nonnegative().nullish().catch(undefined);

/** A value of a call's arguments, or a piece of a text among them. */
const partialArgSchema = z.object({
  /** As in `$.places[0].city`. */
  jsonPath: z.string().nullish(),
  stringValue: z.string().nullish(),
  numberValue: z.unknown().optional(),
  boolValue: z.boolean().nullish(),
  nullValue: z.unknown().optional(),
  /** More of this text is to come. */
  willContinue: z.boolean().nullish(),
});
export type WirePartialArg = z.output<typeof partialArgSchema>;

const functionCallSchema = z.object({
  id: z.string().nullish(),
  /** Of a call that comes in pieces, only the first has it. */
  name: z.string().nullish(),
  args: z.custom<JsonObject>(isObject).nullish(),
  partialArgs: z.array(partialArgSchema).nullish(),
  /** More of this call is to come. */
  willContinue: z.boolean().nullish(),
});
export type WireCall = z.output<typeof functionCallSchema>;

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
  /** Comes in place of candidates where the prompt is refused; elsewhere it says how safe the prompt is. */
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
