import { anyObject, decimal, flag, integer, list, object, oneOf, openUnion, text } from '@sluice/protocol';
import { z } from 'zod';

/*
 * Schema of `POST /v1/messages`: https://docs.claude.com/en/api/messages. It checks the members that the translation reads.
 * Kinds of blocks, tools and settings that it does not know pass, because Anthropic adds some with every beta, and an
 * upstream of Anthropic gets the client's own bytes.
 */

const mark = anyObject.nullish();

const textBlock = object({ type: z.literal('text'), text, cache_control: mark });

const imageSource = openUnion([
  object({ type: z.literal('base64'), media_type: text, data: text }),
  object({ type: z.literal('url'), url: text }),
]);
const imageBlock = object({ type: z.literal('image'), source: imageSource, cache_control: mark });

const documentSource = openUnion([
  object({ type: z.literal('base64'), media_type: text, data: text }),
  object({ type: z.literal('text'), data: text }),
  object({ type: z.literal('url'), url: text }),
  object({
    type: z.literal('content'),
    content: z.union([text, list(openUnion([textBlock, imageBlock]), 'objects')]),
  }),
]);
const documentBlock = object({
  type: z.literal('document'),
  source: documentSource,
  title: text.nullish(),
  context: text.nullish(),
  cache_control: mark,
});

const searchResult = object({
  type: z.literal('search_result'),
  source: text,
  title: text,
  content: list(textBlock, 'objects'),
  cache_control: mark,
});

const toolReference = object({ type: z.literal('tool_reference'), tool_name: text });

const resultBlock = openUnion([textBlock, imageBlock, documentBlock, searchResult, toolReference]);
/** A block in the result of a tool. */
export type ResultBlock = z.output<typeof resultBlock>;

const toolUse = object({
  type: z.literal('tool_use'),
  id: text,
  name: text,
  input: anyObject,
  extra_content: anyObject.nullish(),
  cache_control: mark,
});
export type ToolUseBlock = z.output<typeof toolUse>;

const toolResult = object({
  type: z.literal('tool_result'),
  tool_use_id: text,
  content: z.union([text, list(resultBlock, 'objects')]).nullish(),
  is_error: flag.nullish(),
  cache_control: mark,
});
export type ToolResultBlock = z.output<typeof toolResult>;

const thinking = object({ type: z.literal('thinking'), thinking: text, signature: text.nullish() });
const redacted = object({ type: z.literal('redacted_thinking'), data: text });
const compaction = object({ type: z.literal('compaction'), content: text.nullish(), cache_control: mark });

const block = openUnion([
  textBlock,
  imageBlock,
  documentBlock,
  searchResult,
  toolReference,
  toolUse,
  toolResult,
  thinking,
  redacted,
  compaction,
]);
/** A block of a message; discriminated by `type`. */
export type Block = z.output<typeof block>;

const message = object({
  role: oneOf('user', 'assistant', 'system'),
  content: z.union([text, list(block, 'objects')]),
});
/** An entry of `messages`. Newer clients send instructions between the turns. */
export type TurnMessage = z.output<typeof message>;

const tool = object({
  /** `custom` or absent for a function of the client; else a tool of Anthropic's. */
  type: text.nullish(),
  name: text.optional(),
  description: text.nullish(),
  input_schema: anyObject.optional(),
  strict: flag.nullish(),
  cache_control: mark,
});
export type Tool = z.output<typeof tool>;

const parallel = { disable_parallel_tool_use: flag.nullish() };
const toolChoice = openUnion([
  object({ type: z.literal('auto'), ...parallel }),
  object({ type: z.literal('any'), ...parallel }),
  object({ type: z.literal('tool'), name: text, ...parallel }),
  object({ type: z.literal('none') }),
]);

/** `omitted` asks for reasoning without its text. */
const display = { display: text.nullish() };
const thinkingConfig = openUnion([
  object({ type: z.literal('enabled'), budget_tokens: integer({ min: 1 }), ...display }),
  object({ type: z.literal('disabled') }),
  object({ type: z.literal('adaptive'), ...display }),
]);

const outputFormat = openUnion([object({ type: z.literal('json_schema'), schema: anyObject })]);

const promptFields = {
  model: text.min(1).max(256),
  messages: list(message, 'objects').min(1),
  system: z.union([text, list(textBlock, 'objects')]).nullish(),
  tools: list(tool, 'objects').nullish(),
  tool_choice: toolChoice.nullish(),
  thinking: thinkingConfig.nullish(),
  output_config: object({ effort: text.nullish(), format: outputFormat.nullish() }).nullish(),
  /** The name of `output_config.format` in an older beta. */
  output_format: outputFormat.nullish(),
};

/** Body of `POST /v1/messages/count_tokens`. */
export const countTokensSchema = object(promptFields);
export type CountTokensRequest = z.output<typeof countTokensSchema>;

/** Body of `POST /v1/messages`. */
export const messagesRequestSchema = object({
  ...promptFields,
  /** 0 lets Anthropic write its cache without an answer; chat requests have no counterpart. */
  max_tokens: integer({ min: 0 }),
  metadata: object({ user_id: text.nullish() }).nullish(),
  service_tier: text.nullish(),
  stop_sequences: list(text, 'strings').nullish(),
  stream: flag.nullish(),
  temperature: decimal({ min: 0, max: 1 }).nullish(),
  top_k: integer({ min: 0 }).nullish(),
  top_p: decimal({ min: 0, max: 1 }).nullish(),
});

/** Request as the gateway reads it. Unknown fields are present in the value but not in the type. */
export type MessagesRequest = z.output<typeof messagesRequestSchema>;
