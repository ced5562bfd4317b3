import { type ChatRequest, readChatRequest } from '../openai/chat-request.ts';
import type { Failure } from '../server/provider.ts';
import { badRequest } from './errors.ts';
import { type Traits, traitsOf } from './traits.ts';

/** Parts of a chat request on which the answer depends. */
export interface CozeRequest {
  readonly kind: 'coze';
  readonly botId: string;
  /** The same request in OpenAI's form, from which the answer is created. */
  readonly chat: ChatRequest;
  readonly traits: Traits;
  /** Set if the messages can be requested later. */
  readonly isKept: boolean;
}

type Fields = Readonly<Record<string, unknown>>;

const mostMessages = 100;

/** Reads a request body strictly: input that Coze merely tolerates is refused here. */
export function readCozeRequest(body: string): CozeRequest | Failure {
  const fields = parse(body);
  if (!isObject(fields)) return badRequest('the body is not a JSON object');
  const { bot_id: botId, user_id: userId, additional_messages: messages, stream, auto_save_history: isSaved } = fields;
  if (typeof botId !== 'string' || botId === '') return badRequest('field bot_id is required and a string');
  const traits = traitsOf(botId);
  const refuse = (msg: string): Failure => badRequest(msg, traits);
  if (typeof userId !== 'string' || userId === '') return refuse('field user_id is required and a string');
  if (!Array.isArray(messages) || messages.length === 0) return refuse('field additional_messages is required');
  if (messages.length > mostMessages) return refuse(`additional_messages has more than ${mostMessages} messages`);
  const problem = messages.map(problemOf).find((found) => found !== undefined) ?? problemOfAll(fields, messages);
  if (problem !== undefined) return refuse(problem);
  const translated = messages.map((message: Fields) => ({ role: message['role'], content: contentOf(message) }));
  const chat = readChatRequest(JSON.stringify({ model: botId, stream: stream === true, messages: translated }));
  return chat.kind === 'failure' ? chat : { kind: 'coze', botId, chat, traits, isKept: isSaved !== false };
}

function problemOfAll(
  { stream, auto_save_history: isSaved, parameters }: Fields,
  messages: readonly Fields[],
): string | undefined {
  if (messages.at(-1)?.['role'] !== 'user') return 'the last message is not a question';
  if (stream !== true && isSaved === false) return 'without stream, auto_save_history must be true';
  if (parameters !== undefined && !isObject(parameters)) return 'parameters is not an object';
  return undefined;
}

function problemOf(message: unknown): string | undefined {
  if (!isObject(message)) return 'a message is not an object';
  const { role, type, content, content_type: contentType } = message;
  if (role !== 'user' && role !== 'assistant') return 'role only support user and assistant';
  if (type !== (role === 'user' ? 'question' : 'answer')) return `type of a message of the ${role} is wrong`;
  if (typeof content !== 'string') return 'content is not a string';
  if (contentType === 'text') return undefined;
  if (contentType !== 'object_string') return `content_type ${String(contentType)} is not known`;
  if (role === 'assistant') return 'messages of the assistant are text';
  const parts = parse(content);
  return Array.isArray(parts) && parts.every(isPart) ? undefined : 'content is not a list of texts and images';
}

function isPart(part: unknown): boolean {
  if (!isObject(part)) return false;
  if (part['type'] === 'text') return typeof part['text'] === 'string';
  return part['type'] === 'image' && /^https?:/.test(String(part['file_url']));
}

function contentOf(message: Fields): unknown {
  const { content, content_type: contentType } = message;
  return contentType === 'object_string' ? parse(String(content)) : content;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
