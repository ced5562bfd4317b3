import type { ContentBlockParam, TextBlockParam } from '@anthropic-ai/sdk/resources/messages';
import type { ChatMessage } from '@sluice/protocol';
import { textBlocks, toBlocks } from './content.ts';
import { withThoughts } from './reasoning-details.ts';

/** A conversation in Anthropic's order: instructions apart, and what one side says in a row is one message. */
export interface Conversation {
  readonly system: readonly TextBlockParam[];
  readonly messages: readonly Turn[];
}

interface Turn {
  readonly role: 'user' | 'assistant';
  readonly content: ContentBlockParam[];
}

type Assistant = Extract<ChatMessage, { role: 'assistant' }>;
type ToolResult = Extract<ChatMessage, { role: 'tool' }>;

export function toConversation(messages: readonly ChatMessage[]): Conversation {
  const system: TextBlockParam[] = [];
  const turns: Turn[] = [];
  for (const message of messages) {
    if (message.role === 'system' || message.role === 'developer') {
      system.push(...named(message.name, textBlocks(message.content)));
      continue;
    }
    const turn = toTurn(message);
    const last = turns.at(-1);
    if (turn.content.length === 0) continue;
    if (last?.role === turn.role) last.content.push(...turn.content);
    else turns.push(turn);
  }
  return { system, messages: withoutTrailingSpace(turns) };
}

function toTurn(message: Exclude<ChatMessage, { role: 'system' | 'developer' }>): Turn {
  switch (message.role) {
    case 'user':
      return { role: 'user', content: named(message.name, toBlocks(message.content)) };
    case 'assistant':
      return { role: 'assistant', content: fromAssistant(message) };
    case 'tool':
      return { role: 'user', content: [fromTool(message)] };
    case 'function':
      return { role: 'user', content: [] };
  }
}

/** Anthropic knows no names of participants, so they are said. */
function named<Block extends ContentBlockParam>(name: string | undefined, blocks: Block[]): (Block | TextBlockParam)[] {
  return name === undefined || blocks.length === 0 ? blocks : [{ type: 'text', text: `${name}:` }, ...blocks];
}

function fromAssistant(message: Assistant): ContentBlockParam[] {
  const { content, refusal, tool_calls: calls } = message;
  const said = toBlocks(content ?? refusal);
  const uses = (calls ?? []).flatMap((call): ContentBlockParam[] =>
    call.type === 'function'
      ? [{ type: 'tool_use', id: toToolId(call.id), name: call.function.name, input: toInput(call.function.arguments) }]
      : [],
  );
  return withThoughts(Reflect.get(message, 'reasoning_details'), [...said, ...uses]);
}

/** Other providers, of which the conversation may hold calls, are not as narrow about ids as Anthropic. */
const toToolId = (id: string): string => id.replaceAll(/[^\w-]/g, '_');

/** Anthropic wants an object; what a model once wrote in its place is kept as text. */
function toInput(text: string): unknown {
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Models do write JSON that is none.
  }
  return { arguments: text };
}

function fromTool({ tool_call_id: id, content }: ToolResult): ContentBlockParam {
  const blocks = toBlocks(content);
  return { type: 'tool_result', tool_use_id: toToolId(id), ...(blocks.length === 0 ? {} : { content: blocks }) };
}

/** An answer that is to be written on must not end in white space: Anthropic refuses that. See {@link cutSpace}. */
function withoutTrailingSpace(turns: readonly Turn[]): readonly Turn[] {
  const last = turns.at(-1);
  const block = last?.content.at(-1);
  if (last?.role !== 'assistant' || block?.type !== 'text') return turns;
  const content = [...last.content.slice(0, -1), { ...block, text: block.text.trimEnd() }];
  return [...turns.slice(0, -1), { ...last, content }];
}

/** The white space that was cut off the end of an answer that is to be written on; the rest of it may begin with that. */
export function cutSpace(messages: readonly ChatMessage[]): string {
  const last = messages.at(-1);
  if (last?.role !== 'assistant' || (last.tool_calls ?? []).length > 0) return '';
  const text = textBlocks(last.content).at(-1)?.text ?? '';
  return text.slice(text.trimEnd().length);
}
