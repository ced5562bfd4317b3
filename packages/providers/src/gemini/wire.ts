import { z } from 'zod';
import { isObject, type JsonObject } from '../json-object.ts';

/**
 * The parts of Gemini's answers that we read, and nothing else; lenient, because fields come and go with the models.
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

/** A `google.rpc.Status`, or what stands in for one: whatever shape it has, what it says is read. */
const error = z.unknown().optional();

/** A whole answer, or an event of a stream. */
export const responseSchema = z.object({
  error,
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
  error,
  /** In the order of the requests. */
  embeddings: z.array(z.object({ values: z.array(z.number()) })).nullish(),
  /** Of newer models alone. */
  usageMetadata: z.object({ promptTokenCount: count }).nullish().catch(undefined),
});
