import { z } from 'zod';

/**
 * The members of Coze's v3 chat that the adapter reads; lenient, because the cloud and the self-hosted Studio differ.
 * Reference: https://www.coze.com/docs/developer_guides/chat_v3
 */

const text = z.string().nullish().catch(undefined);
const count = z.number().nullish().catch(undefined);

/** Ids exceed the integers that JavaScript holds exactly, so they must be texts. */
const id = z.string().min(1).nullish().catch(undefined);

/** An error, wherever it stands. Code 0 means no error. */
const errorShape = {
  code: z
    .union([z.number(), z.string().regex(/^\d+$/).transform(Number)])
    .nullish()
    .catch(undefined),
  msg: text,
  detail: z.object({ logid: text }).nullish().catch(undefined),
};

export const errorSchema = z.object(errorShape);
export type WireError = z.output<typeof errorSchema>;

/** Tokens of a chat. */
export const usageSchema = z.object({ input_count: z.number(), output_count: z.number(), token_count: count });
export type WireUsage = z.output<typeof usageSchema>;

/** State of a chat: an event, or the `data` of an answer. */
export const chatSchema = z.object({
  id,
  conversation_id: id,
  /** Seconds since 1970. */
  created_at: count,
  status: text,
  last_error: errorSchema.nullish().catch(undefined),
  usage: usageSchema.nullish().catch(undefined),
});
export type WireChat = z.output<typeof chatSchema>;

/** A message, or a piece of one. */
export const messageSchema = z.object({
  id,
  chat_id: id,
  conversation_id: id,
  type: text,
  content: text,
  reasoning_content: text,
});
export type WireMessage = z.output<typeof messageSchema>;

/** Envelope of answers that are not streams. */
export const chatEnvelopeSchema = z.object({ ...errorShape, data: chatSchema.nullish().catch(undefined) });
export const messagesEnvelopeSchema = z.object({ ...errorShape, data: z.array(messageSchema) });
