import { z } from 'zod';
import { anyObject, flag, list, name, object, oneOf, openUnion, text } from './field-types.ts';

/** JSON Schema of a function's arguments. */
const parameters = anyObject.optional();

/** An entry of the deprecated `functions`. */
export const functionSchema = object({ name, description: text.optional(), parameters });

const functionTool = object({
  type: z.literal('function'),
  function: object({ name, description: text.optional(), parameters, strict: flag.nullish() }),
});

const customFormat = openUnion([
  object({ type: z.literal('text') }),
  object({
    type: z.literal('grammar'),
    grammar: object({ definition: text, syntax: oneOf('lark', 'regex') }),
  }),
]);

const customTool = object({
  type: z.literal('custom'),
  custom: object({ name: text, description: text.optional(), format: customFormat.optional() }),
});

/** An entry of `tools`. */
export const toolSchema = openUnion([functionTool, customTool]);

const named = object({ name: text });

const chosenTool = openUnion([
  object({ type: z.literal('function'), function: named }),
  object({ type: z.literal('custom'), custom: named }),
  object({
    type: z.literal('allowed_tools'),
    allowed_tools: object({ mode: oneOf('auto', 'required'), tools: list(anyObject, 'objects') }),
  }),
]);

/** `tool_choice`. */
export const toolChoiceSchema = z.union([oneOf('none', 'auto', 'required'), chosenTool]);

/** The deprecated `function_call` of a request. */
export const functionChoiceSchema = z.union([oneOf('none', 'auto'), named]);

/** A tool call by a model, as an assistant message repeats it. */
export const toolCallSchema = openUnion([
  object({ type: z.literal('function'), id: text, function: object({ name: text, arguments: text }) }),
  object({ type: z.literal('custom'), id: text, custom: object({ name: text, input: text }) }),
]);

/** The deprecated form of {@link toolCallSchema}. */
export const functionCallSchema = object({ name: text, arguments: text });
