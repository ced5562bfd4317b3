import { type ChatBody, type ChatMessage, writeLossless } from '@sluice/protocol';
import type { FieldPath } from '../adapter.ts';
import { isEmptyAnswer } from '../support/empty-answers.ts';

/** A message in Coze's form. */
export interface CozeMessage {
  readonly role: 'user' | 'assistant';
  readonly type: 'question' | 'answer';
  readonly content_type: 'text' | 'object_string';
  readonly content: string;
}

type Piece = { readonly type: 'text'; readonly text: string } | { readonly type: 'image'; readonly file_url: string };

type AssistantMessage = Extract<ChatMessage, { role: 'assistant' }>;
type ToolCall = NonNullable<AssistantMessage['tool_calls']>[number];

interface Turn {
  readonly role: 'user' | 'assistant';
  readonly pieces: readonly Piece[];
}

/**
 * Converts OpenAI's messages to Coze's two roles. Instructions are prepended to the next user message (or appended to
 * the last, if none follows); tool calls and their results become text.
 */
export function toCozeMessages({ messages = [] }: ChatBody): readonly CozeMessage[] {
  const turns: Turn[] = [];
  let instructions: readonly Piece[] = [];
  for (const message of messages) {
    if (message.role === 'system' || message.role === 'developer') {
      instructions = [...instructions, ...piecesOf(message)];
    } else if (isEmptyAnswer(message)) {
      continue;
    } else if (message.role === 'assistant') {
      turns.push({ role: 'assistant', pieces: piecesOf(message) });
    } else {
      turns.push({ role: 'user', pieces: [...instructions, ...piecesOf(message)] });
      instructions = [];
    }
  }
  if (instructions.length > 0) {
    const last = turns.at(-1)?.role === 'user' ? turns.pop() : undefined;
    turns.push({ role: 'user', pieces: [...(last?.pieces ?? []), ...instructions] });
  }
  return turns.map(write);
}

/** Returns the fields of the messages that Coze does not support. */
export function findUnsupportedMessages({ messages = [] }: ChatBody): readonly FieldPath[] {
  const last = messages.findLastIndex((message) => !isEmptyAnswer(message));
  return messages.flatMap((message, at): FieldPath[] => [
    // The last message is the question.
    ...(at === last && message.role === 'assistant' ? [['messages', at]] : []),
    ...(message.role === 'assistant' ? unsupportedDeeds(message, at) : []),
    ...unsupportedParts(message, at),
  ]);
}

function unsupportedDeeds({ audio, tool_calls: calls }: AssistantMessage, at: number): FieldPath[] {
  return [
    ...(audio == null ? [] : [['messages', at, 'audio']]),
    ...(calls ?? []).flatMap(({ type }, callAt): FieldPath[] =>
      type === 'function' || type === 'custom' ? [] : [['messages', at, 'tool_calls', callAt]],
    ),
  ];
}

function unsupportedParts({ role, content }: ChatMessage, at: number): FieldPath[] {
  if (!Array.isArray(content)) return [];
  return content.flatMap((part, partAt): FieldPath[] => {
    const path = ['messages', at, 'content', partAt];
    switch (part.type) {
      case 'text':
      case 'refusal':
      // Unsupported media are reported by `capabilities`.
      case 'input_audio':
      case 'file':
        return [];
      case 'image_url': {
        const { url, detail } = part.image_url;
        if (url.startsWith('data:')) return [];
        if (role === 'assistant') return [path];
        return detail === undefined || detail === 'auto' ? [] : [[...path, 'image_url', 'detail']];
      }
      default:
        return [path];
    }
  });
}

function write({ role, pieces }: Turn): CozeMessage {
  const type = role === 'user' ? 'question' : 'answer';
  if (pieces.some((piece) => piece.type === 'image')) {
    return { role, type, content_type: 'object_string', content: writeLossless(pieces) };
  }
  const texts = pieces.flatMap((piece) => (piece.type === 'text' ? [piece.text] : []));
  return { role, type, content_type: 'text', content: texts.join('\n\n') };
}

function piecesOf(message: ChatMessage): readonly Piece[] {
  const pieces = contentOf(message);
  switch (message.role) {
    case 'tool':
      return [text(`Result of the tool call ${message.tool_call_id}:`), ...pieces];
    case 'function':
      return [text(`Result of the function ${message.name}:`), ...pieces];
    case 'assistant':
      return named(message.name, [...pieces, ...callsOf(message)]);
    default:
      return named(message.name, pieces);
  }
}

function contentOf({ content }: ChatMessage): readonly Piece[] {
  if (typeof content === 'string') return content === '' ? [] : [text(content)];
  return (content ?? []).flatMap((part): Piece[] => {
    if (part.type === 'text') return [text(part.text)];
    if (part.type === 'refusal') return [text(part.refusal)];
    return part.type === 'image_url' ? [{ type: 'image', file_url: part.image_url.url }] : [];
  });
}

function callsOf(message: AssistantMessage): readonly Piece[] {
  const { refusal, tool_calls: calls, function_call: call } = message;
  return [
    ...(refusal == null ? [] : [text(refusal)]),
    ...(calls ?? []).flatMap(callText),
    ...(call == null ? [] : [text(`Function call: ${call.name}(${call.arguments})`)]),
  ];
}

function callText(call: ToolCall): readonly Piece[] {
  if (call.type === 'function')
    return [text(`Tool call ${call.id}: ${call.function.name}(${call.function.arguments})`)];
  return call.type === 'custom' ? [text(`Tool call ${call.id}: ${call.custom.name}(${call.custom.input})`)] : [];
}

/** Writes a participant's name as text, because there is no field for it. */
function named(name: string | undefined, pieces: readonly Piece[]): readonly Piece[] {
  return name === undefined ? pieces : [text(`${name}:`), ...pieces];
}

const text = (content: string): Piece => ({ type: 'text', text: content });
