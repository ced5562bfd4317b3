import { z } from 'zod';
import { usageSchema } from './usage.ts';

/*
 * Schemas of answers as the gateway reads them. They are lenient, because many servers deviate from this protocol, and
 * are applied only to answers that the gateway reads. Answers that pass through from an OpenAI-shaped provider are not
 * parsed with them.
 */

const calledFunction = z.looseObject({ name: z.string().nullish(), arguments: z.string().nullish() });

const toolCall = z.looseObject({
  /** Index of the call to which a piece of a stream belongs; absent in whole answers. */
  index: z.number().int().nonnegative().nullish(),
  id: z.string().nullish(),
  type: z.string().nullish(),
  function: calledFunction.nullish(),
  custom: z.looseObject({ name: z.string().nullish(), input: z.string().nullish() }).nullish(),
});

/** A whole message, or what a chunk adds to one. */
const message = z.looseObject({
  role: z.string().nullish(),
  /** Some providers answer with a list of parts. */
  content: z.union([z.string(), z.array(z.unknown())]).nullish(),
  refusal: z.string().nullish(),
  /** The model's reasoning, under the name that most providers use. */
  reasoning_content: z.string().nullish(),
  tool_calls: z.array(toolCall).nullish(),
  /** Deprecated for `tool_calls`. */
  function_call: calledFunction.nullish(),
});

const choice = z.looseObject({
  index: z.number().int().nonnegative().nullish(),
  /** `stop`, `length`, `tool_calls`, `content_filter`, `function_call`, or a provider's own value. */
  finish_reason: z.string().nullish(),
});

const answer = z.looseObject({
  id: z.string().nullish(),
  /** Seconds since 1970. */
  created: z.number().nullish(),
  /** The model that produced the answer. */
  model: z.string().nullish(),
  /** In a stream: only on the last chunk, and only if requested. */
  usage: usageSchema.nullish(),
});

/** Whole answer to a chat request. */
export const chatCompletionSchema = answer.extend({ choices: z.array(choice.extend({ message })) });
export type ChatCompletion = z.infer<typeof chatCompletionSchema>;

/** One chunk of a streamed answer. `choices` may be empty, as on the chunk with the usage. */
export const chatChunkSchema = answer.extend({ choices: z.array(choice.extend({ delta: message.nullish() })) });
export type ChatChunk = z.infer<typeof chatChunkSchema>;
