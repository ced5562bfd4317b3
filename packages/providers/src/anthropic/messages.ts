import type { ContentBlockParam, TextBlockParam, ToolUseBlockParam } from '@anthropic-ai/sdk/resources/messages';
import type { ChatMessage, JsonObject } from '@sluice/protocol';
import { createDistinctIds, type DistinctIds } from '../answer/distinct-ids.ts';
import { parseClientObject } from '../client-json.ts';
import {
  missingResult,
  type PairedCall,
  type Said,
  type ToolMessage,
  toTurns,
  type UserMessage,
} from '../support/turns.ts';
import { type Cached, cacheControl, textBlocks, toBlocks } from './content.ts';
import { withReasoning } from './reasoning-details.ts';

/**
 * A conversation in Anthropic's form: instructions are separate, and consecutive messages of one side form one message.
 */
export interface Conversation {
  readonly system: readonly TextBlockParam[];
  readonly messages: readonly Turn[];
}

interface Turn {
  readonly role: 'user' | 'assistant';
  readonly content: ContentBlockParam[];
}

/**
 * Placeholder where Anthropic requires a user message and the client sent none; texts of white space alone are refused.
 */
const nothingSaid: TextBlockParam = { type: 'text', text: '.' };

const mostIdCharacters = 64;

/**
 * Converts messages. Anthropic requires at least one message, a user message first, and the results of all tool calls
 * of a message directly after it.
 */
export function toConversation(messages: readonly ChatMessage[]): Conversation {
  const system = messages.flatMap((message) =>
    message.role === 'system' || message.role === 'developer'
      ? cached(named(message.name, textBlocks(message.content)), message)
      : [],
  );
  const turns: Turn[] = [];
  for (const turn of toTurns(messages, toToolIds())) {
    const isUser = turn.side === 'user';
    const content = isUser
      ? [...turn.results.map(fromTool), ...turn.rest.flatMap(fromUser)]
      : turn.said.flatMap(fromAssistant);
    const last = turns.at(-1);
    if (content.length === 0) continue;
    if (last?.role === turn.side) last.content.push(...content);
    else turns.push({ role: turn.side, content });
  }
  if (turns.length === 0) {
    return { system: [], messages: [{ role: 'user', content: system.length === 0 ? [nothingSaid] : system }] };
  }
  if (turns[0]?.role === 'assistant') turns.unshift({ role: 'user', content: [nothingSaid] });
  return { system, messages: withoutTrailingSpace(turns) };
}

/**
 * Creates ids that Anthropic accepts. Other providers, whose tool calls the conversation may contain, allow more
 * characters.
 */
function toToolIds(): DistinctIds {
  const distinct = createDistinctIds(mostIdCharacters);
  return { take: (id) => distinct.take(id === '' ? 'call' : id.replaceAll(/[^\w-]/g, '_')) };
}

/** Writes the participant's name as text, because Anthropic has no member for it. */
function named<Block extends ContentBlockParam>(name: string | undefined, blocks: Block[]): (Block | TextBlockParam)[] {
  return name === undefined || blocks.length === 0 ? blocks : [{ type: 'text', text: `${name}:` }, ...blocks];
}

/** Sets the cache mark of a message on its last part that is not reasoning, which can't be marked. */
function cached<Block extends ContentBlockParam>(blocks: readonly Block[], message: JsonObject): Block[] {
  const control = cacheControl(message);
  const at = blocks.findLastIndex(({ type }) => type !== 'thinking' && type !== 'redacted_thinking');
  if (control.cache_control === undefined) return [...blocks];
  return blocks.map((block, blockAt) => (blockAt === at ? withControl(block, control) : block));
}

/** Sets a cache mark; a part's own mark takes precedence. */
const withControl = <Block extends ContentBlockParam>(block: Block, control: Cached): Block => ({
  ...control,
  ...block,
});

function fromUser(message: UserMessage | ToolMessage): ContentBlockParam[] {
  const blocks = toBlocks(message.content);
  if (message.role === 'user') return cached(named(message.name, blocks), message);
  // Anthropic accepts no result without its call, so it is sent as text.
  const told: TextBlockParam = { type: 'text', text: `Result of the tool call ${message.tool_call_id}:` };
  return cached([told, ...blocks], message);
}

function fromAssistant({ message, calls }: Said): ContentBlockParam[] {
  const { content, refusal } = message;
  const { reasoning_details: details }: JsonObject = message;
  const said = [...toBlocks(content), ...toBlocks(refusal)];
  const blocks = withReasoning(details, [...said, ...calls.map(toUse)]);
  return cached(blocks, message);
}

function toUse({ id, call }: PairedCall): ToolUseBlockParam {
  const { name, arguments: text } = call.function;
  return { type: 'tool_use', id, name: toToolName(name), input: toInput(text), ...cacheControl(call) };
}

/** Converts names of functions that were called at other providers; names of this request's tools are valid already. */
const toToolName = (name: string): string => (name === '' ? '_' : name.replaceAll(/[^\w-]/g, '_').slice(0, 128));

/** Parses arguments. Anthropic requires an object; other text is wrapped in one. */
function toInput(text: string): unknown {
  return parseClientObject(text) ?? { arguments: text };
}

function fromTool({ id, result }: PairedCall): ContentBlockParam {
  if (result === undefined) {
    return { type: 'tool_result', tool_use_id: id, is_error: true, content: missingResult };
  }
  const blocks = toBlocks(result.content);
  return {
    type: 'tool_result',
    tool_use_id: id,
    ...(blocks.length === 0 ? {} : { content: blocks }),
    ...cacheControl(result),
  };
}

/**
 * Removes white space at the end of an answer that a later attempt continues: Anthropic refuses it. See {@link
 * cutSpace}.
 */
function withoutTrailingSpace(turns: readonly Turn[]): readonly Turn[] {
  const last = turns.at(-1);
  const block = last?.content.at(-1);
  if (last?.role !== 'assistant' || block?.type !== 'text') return turns;
  const content = [...last.content.slice(0, -1), { ...block, text: block.text.trimEnd() }];
  return [...turns.slice(0, -1), { ...last, content }];
}

/**
 * Returns the white space that was removed from the end of an answer to be continued; the continuation may begin with
 * it.
 */
export function cutSpace(messages: readonly ChatMessage[]): string {
  const last = messages.at(-1);
  if (last?.role !== 'assistant' || (last.tool_calls ?? []).length > 0) return '';
  const text = textBlocks(last.content).at(-1)?.text ?? '';
  return text.slice(text.trimEnd().length);
}
