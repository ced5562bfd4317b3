import { randomBytes } from 'node:crypto';
import { isObject, type JsonObject } from '@sluice/protocol';
import type { ConversationItem } from '@sluice/store';

const randomId = (prefix: string): string => `${prefix}_${randomBytes(16).toString('hex')}`;
export const newConversationId = (): string => randomId('conv');

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);

/** Roles of messages that hold for one request: each request of a conversation brings its own. */
export const isInstruction = (message: unknown): boolean =>
  isObject(message) && (message['role'] === 'system' || message['role'] === 'developer');

/** Turns a message of a chat into items of OpenAI's Conversations API; its calls of tools become items of their own. */
export function toItems(message: unknown): readonly ConversationItem[] {
  if (!isObject(message)) return [];
  const { role, content } = message;
  if (role === 'tool' || role === 'function') {
    const callId = textOf(message['tool_call_id'] ?? message['name']);
    return [toOutput(callId, content)];
  }
  const parts = toParts(content, role === 'assistant' ? 'output_text' : 'input_text');
  const refusal = textOf(message['refusal']);
  if (refusal !== '') parts.push({ type: 'refusal', refusal });
  const own: ConversationItem[] =
    parts.length === 0
      ? []
      : [{ type: 'message', id: randomId('msg'), role: textOf(role), status: 'completed', content: parts }];
  return [...own, ...callsOf(message).map(toCall)];
}

/** Gives an item of a client its id and its status, and its text the form of a part. */
export function toStoredItem(item: JsonObject): ConversationItem {
  const type = textOf(item['type'] ?? 'message');
  if (type !== 'message') return { ...item, type, id: randomId(prefixes.get(type) ?? 'item') };
  const kind = item['role'] === 'assistant' ? 'output_text' : 'input_text';
  const content = toParts(item['content'], kind);
  return { type, id: randomId('msg'), role: textOf(item['role']), status: 'completed', content };
}

const prefixes = new Map([
  ['function_call', 'fc'],
  ['function_call_output', 'fco'],
  ['reasoning', 'rs'],
]);

/** Turns items into messages of a chat. Items that no message can hold, such as reasoning, are left out. */
export function toMessages(items: readonly ConversationItem[]): readonly JsonObject[] {
  const messages: JsonObject[] = [];
  for (const item of items) {
    switch (item['type']) {
      case 'message':
        messages.push({ role: item['role'], content: listOf(item['content']).flatMap(toChatPart) });
        break;
      case 'function_call': {
        const call = {
          id: item['call_id'],
          type: 'function',
          function: { name: item['name'], arguments: item['arguments'] },
        };
        const last = messages.at(-1);
        if (last?.['role'] === 'assistant') {
          messages[messages.length - 1] = { ...last, tool_calls: [...listOf(last['tool_calls']), call] };
        } else messages.push({ role: 'assistant', content: null, tool_calls: [call] });
        break;
      }
      case 'function_call_output': {
        const { call_id, output } = item;
        const content = typeof output === 'string' ? output : listOf(output).flatMap(toChatPart);
        messages.push({ role: 'tool', tool_call_id: call_id, content });
        break;
      }
      default:
    }
  }
  return messages;
}

type TextKind = 'input_text' | 'output_text';

function toParts(content: unknown, kind: TextKind): JsonObject[] {
  if (typeof content === 'string') return content === '' ? [] : [toText(content, kind)];
  return listOf(content).flatMap((part) => (isObject(part) ? [toPart(part, kind)] : []));
}

const toText = (text: string, kind: TextKind): JsonObject =>
  kind === 'output_text' ? { type: kind, text, annotations: [] } : { type: kind, text };

function toPart(part: JsonObject, kind: TextKind): JsonObject {
  const { type } = part;
  if (type === 'text') return toText(textOf(part['text']), kind);
  if (type === 'image_url' && isObject(part['image_url'])) {
    const { url, detail } = part['image_url'];
    return { type: 'input_image', image_url: url, detail: detail ?? 'auto', file_id: null };
  }
  if (type === 'file' && isObject(part['file'])) return { type: 'input_file', ...part['file'] };
  return part;
}

function toChatPart(part: unknown): readonly JsonObject[] {
  if (!isObject(part)) return [];
  switch (part['type']) {
    case 'input_text':
    case 'output_text':
    case 'text':
      return [{ type: 'text', text: part['text'] }];
    case 'input_image':
      return [{ type: 'image_url', image_url: { url: part['image_url'], detail: part['detail'] ?? 'auto' } }];
    case 'input_file': {
      const { type: _type, ...file } = part;
      return [{ type: 'file', file }];
    }
    default:
      return [part];
  }
}

const toOutput = (callId: string, content: unknown): ConversationItem => ({
  type: 'function_call_output',
  id: randomId('fco'),
  call_id: callId,
  output: typeof content === 'string' ? content : toParts(content, 'input_text'),
  status: 'completed',
});

interface Call {
  readonly id: string;
  readonly name: string;
  readonly text: string;
}

/** Returns the calls of an assistant, also that of the deprecated `function_call`. */
function callsOf(message: JsonObject): readonly Call[] {
  const calls = listOf(message['tool_calls']).flatMap((call) => {
    if (!isObject(call) || !isObject(call['function'])) return [];
    const { name, arguments: text } = call['function'];
    return [{ id: textOf(call['id']), name: textOf(name), text: textOf(text) }];
  });
  const former = message['function_call'];
  if (!isObject(former)) return calls;
  const name = textOf(former['name']);
  return [...calls, { id: name, name, text: textOf(former['arguments']) }];
}

const toCall = ({ id, name, text }: Call): ConversationItem => ({
  type: 'function_call',
  id: randomId('fc'),
  call_id: id,
  name,
  arguments: text,
  status: 'completed',
});
