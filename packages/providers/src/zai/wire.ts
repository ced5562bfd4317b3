import { usageSchema, writeLossless } from '@sluice/protocol';
import { z } from 'zod';

/**
 * The members of the GLM API's answers that the adapter reads. Reference:
 * https://docs.z.ai/api-reference/llm/chat-completion
 */

/** Codes are quoted numbers, sometimes without quotes. */
const code = z.union([z.string(), z.number()]).nullish().catch(undefined);

/** An error of any shape. */
const error = z.unknown().optional();

/** Arguments are JSON as text; the reference also shows an object. */
const argumentsText = z.union([
  z.string(),
  z.record(z.string(), z.unknown()).transform((value) => writeLossless(value)),
]);

/** Content may be a list of parts, of which only texts count. */
const contentText = z.union([
  z.string(),
  z
    .array(z.union([z.string(), z.looseObject({ text: z.string().optional() })]))
    .transform((parts) => parts.map((part) => (typeof part === 'string' ? part : (part.text ?? ''))).join('')),
]);

const toolCall = z.object({
  index: z.number().int().nonnegative().nullish().catch(undefined),
  id: z.string().nullish(),
  function: z.object({ name: z.string().nullish(), arguments: argumentsText.nullish() }).nullish(),
});

const message = z.object({
  content: contentText.nullish(),
  reasoning_content: z.string().nullish(),
  tool_calls: z.union([z.array(toolCall), toolCall.transform((call) => [call])]).nullish(),
});
export type WireMessage = z.output<typeof message>;

const answer = z.object({
  id: z.string().nullish(),
  created: z.number().nonnegative().nullish().catch(undefined),
  model: z.string().nullish(),
  usage: usageSchema.nullish().catch(undefined),
  error,
  code,
  msg: z.string().nullish(),
  /** Results of a search. */
  web_search: z.array(z.looseObject({})).nullish().catch(undefined),
});

const choice = z.object({ finish_reason: z.string().nullish().catch(undefined) });

/** A chunk of a stream. */
export const chunkSchema = answer.extend({ choices: z.array(choice.extend({ delta: message.nullish() })).nullish() });

/** A whole answer. */
export const completionSchema = answer.extend({
  choices: z.array(choice.extend({ message: message.nullish() })).nullish(),
});
