import { z } from 'zod';
import { functionCallSchema, toolCallSchema } from './chat-tool.ts';
import { contentPartSchema } from './content-part.ts';
import { list, object, text } from './field-types.ts';

const content = z.union([text, list(contentPartSchema, 'objects').min(1)]);

const instructions = <Role extends 'developer' | 'system' | 'user'>(role: Role) =>
  object({ role: z.literal(role), content, name: text.optional() });

/**
 * An assistant message. Clients may send back any answer, even an empty one: null and empty values are accepted
 * wherever an answer may have them, and each adapter converts them to a form that its provider accepts.
 */
const assistant = object({
  role: z.literal('assistant'),
  content: z.union([text, list(contentPartSchema, 'objects')]).nullish(),
  refusal: text.nullish(),
  name: text.optional(),
  audio: object({ id: text }).nullish(),
  tool_calls: list(toolCallSchema, 'objects').nullish(),
  function_call: functionCallSchema.nullish(),
});

const tool = object({ role: z.literal('tool'), content, tool_call_id: text });

/** Deprecated: the result of a `function_call`. */
const functionResult = object({ role: z.literal('function'), content: content.nullable(), name: text });

/** An entry of `messages`. */
export const chatMessageSchema = z.discriminatedUnion(
  'role',
  [instructions('system'), assistant, instructions('user'), functionResult, tool, instructions('developer')],
  'an object',
);

/** One message of a conversation; discriminated by `role`. */
export type ChatMessage = z.output<typeof chatMessageSchema>;
