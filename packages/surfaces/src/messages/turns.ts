import { type ChatMessage, type JsonObject, writeLossless } from '@sluice/protocol';
import { marked, type Part, toContent, toParts, type Translation, typeOf } from './parts.ts';
import { fromBlocks } from './reasoning-blocks.ts';
import type { Block, MessagesRequest, ToolResultBlock, ToolUseBlock, TurnMessage } from './request-schema.ts';

type Message = ChatMessage & JsonObject;

/** Start of the block that Claude Code puts before its instructions. It changes with each request in some versions. */
const attribution = 'x-anthropic-billing-header';

/**
 * Translates instructions and turns to chat messages.
 * @throws GatewayError 400 for a block that only Anthropic can serve
 */
export function toMessages(
  { system, messages }: Pick<MessagesRequest, 'system' | 'messages'>,
  translation: Translation,
): Message[] {
  const loopAt = messages.findLastIndex(({ role, content }) => role === 'user' && !isResultsOnly(content));
  return [
    ...toInstructions(system, translation),
    ...messages.flatMap((message, at) => toTurn(message, { at, isInLoop: at > loopAt }, translation)),
  ];
}

function isResultsOnly(content: TurnMessage['content']): boolean {
  return typeof content !== 'string' && content.every(({ type }) => type === 'tool_result');
}

/**
 * Other providers than Anthropic get the instructions without the attribution block: it would change the start of each
 * prompt, so that no cache of theirs would ever be read.
 */
function toInstructions(system: MessagesRequest['system'], { dropped }: Translation): Message[] {
  if (system == null || system === '') return [];
  if (typeof system === 'string') return system.startsWith(attribution) ? [] : [{ role: 'system', content: system }];
  const parts = system.flatMap((block): Part[] => {
    dropped.rest(block, instructionMembers, 'system.');
    return block.text === '' || block.text.startsWith(attribution)
      ? []
      : [{ type: 'text', text: block.text, ...marked(block) }];
  });
  return parts.length === 0 ? [] : [{ role: 'system', content: toContent(parts) }];
}

const instructionMembers: ReadonlySet<string> = new Set(['type', 'text', 'cache_control']);

interface Place {
  readonly at: number;
  /** The turn belongs to the tool calls that the model makes now. */
  readonly isInLoop: boolean;
}

function toTurn({ role, content }: TurnMessage, place: Place, translation: Translation): Message[] {
  if (typeof content === 'string') return content === '' ? [] : [{ role, content }];
  if (role === 'assistant') return [toAnswer(content, place, translation)];
  const parts: Part[] = [];
  const results: Message[] = [];
  const shown: Part[] = [];
  content.forEach((block, at) => {
    const path = `messages[${place.at}].content[${at}]`;
    if (block.type !== 'tool_result') return void parts.push(...toParts({ block, path }, translation));
    const { message, media } = toResult(block, path, translation);
    results.push(message);
    shown.push(...media);
  });
  const rest = [...shown, ...parts];
  return [...results, ...(rest.length === 0 ? [] : [{ role, content: toContent(rest) }])];
}

interface Result {
  readonly message: Message;
  /** Images and documents, with a text before them that names the call. */
  readonly media: readonly Part[];
}

/**
 * Translates the result of a tool. OpenAI's protocol allows only text in it, so images and documents follow in a message of
 * the user, and an error is told by the text.
 */
function toResult(block: ToolResultBlock, path: string, translation: Translation): Result {
  const { tool_use_id: id, content, is_error: isError } = block;
  translation.dropped.rest(block, resultMembers, 'messages.content.');
  const parts =
    typeof content === 'string'
      ? [{ type: 'text', text: content } as Part]
      : (content ?? []).flatMap((each, at) => toParts({ block: each, path: `${path}.content[${at}]` }, translation));
  const texts = parts.filter(({ type }) => type === 'text');
  const media = parts.filter(({ type }) => type !== 'text');
  const said: Part[] = isError === true ? [{ type: 'text', text: 'Error:' }, ...texts] : texts;
  const more: Part[] = said.length === 0 && media.length > 0 ? [{ type: 'text', text: 'See the next message.' }] : said;
  return {
    message: { role: 'tool', tool_call_id: id, content: joined(more), ...marked(block) },
    media: media.length === 0 ? [] : [{ type: 'text', text: `From the result of the call ${id}:` }, ...media],
  };
}

const resultMembers: ReadonlySet<string> = new Set(['type', 'tool_use_id', 'content', 'is_error', 'cache_control']);

/** Joins texts, of which many servers accept only one in a result; texts with a mark stay apart. */
function joined(parts: readonly Part[]): string | Part[] {
  const isMarked = parts.some((part) => 'cache_control' in part);
  return isMarked ? [...parts] : parts.map((part) => (part.type === 'text' ? part.text : '')).join('\n');
}

function toAnswer(content: readonly Block[], { isInLoop }: Place, translation: Translation): Message {
  const parts: Part[] = [];
  const calls: JsonObject[] = [];
  for (const block of content) {
    if (block.type === 'tool_use') calls.push(toCall(block, translation));
    else if (block.type === 'text' || block.type === 'compaction')
      parts.push(...toParts({ block, path: '' }, translation));
    else if (block.type !== 'thinking' && block.type !== 'redacted_thinking') {
      translation.dropped.add(`messages.content.${String(typeOf(block))}`);
    }
  }
  const { details, unsigned } = fromBlocks(content);
  const message: JsonObject = {
    role: 'assistant',
    content: parts.length > 0 ? toContent(parts) : calls.length > 0 ? null : '',
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
    ...(details.length === 0 ? {} : { reasoning_details: details }),
    // Models that reason between calls want their reasoning back until the turn is over, and ignore or refuse it later.
    ...(unsigned === '' || !isInLoop ? {} : { reasoning_content: unsigned }),
  };
  return message as Message;
}

/** Gemini's signatures ride on the call. */
function toCall(block: ToolUseBlock, { dropped }: Translation): JsonObject {
  dropped.rest(block, callMembers, 'messages.content.');
  return {
    id: block.id,
    type: 'function',
    function: { name: block.name, arguments: writeLossless(block.input) },
    ...(block.extra_content == null ? {} : { extra_content: block.extra_content }),
    ...marked(block),
  };
}

const callMembers: ReadonlySet<string> = new Set([
  'type',
  'id',
  'name',
  'input',
  'extra_content',
  'cache_control',
  'caller',
]);
