import { z } from 'zod';

/**
 * The members of an application's answers that the adapter reads. Reference:
 * https://help.aliyun.com/zh/model-studio/user-guide/application-calling
 */

const text = z.string().nullish().catch(undefined);
const count = z.number().nonnegative().nullish().catch(undefined);

const reasoningPartSchema = z.object({ action_type: text, thought: text, response: text });

const outputSchema = z.object({
  text,
  /** The text "null" until the answer is finished. */
  finish_reason: text,
  session_id: text,
  reject_status: z.boolean().nullish().catch(undefined),
  thoughts: z.array(reasoningPartSchema).nullish().catch(undefined),
});

const modelUsageSchema = z.object({ model_id: text, input_tokens: count, output_tokens: count });

/** An error body, an error frame, or an error with status 200. */
export const errorSchema = z.object({ code: text, message: text, msg: text });

/** A whole answer, or a frame of a stream. */
export const answerSchema = errorSchema.extend({
  output: outputSchema.nullish(),
  usage: z
    .object({ models: z.array(modelUsageSchema).nullish().catch(undefined) })
    .nullish()
    .catch(undefined),
  request_id: text,
});

export type NativeAnswer = z.output<typeof answerSchema>;
export type NativeOutput = z.output<typeof outputSchema>;
export type NativeError = z.output<typeof errorSchema>;
