import { splitSuffix } from '../faults/directives.ts';
import { type ChatRequest, readChatRequest } from '../openai/chat-request.ts';
import type { Failure, Surroundings } from '../server/provider.ts';
import { failure } from './errors.ts';
import { userOf } from './session.ts';
import { isSigned } from './signature.ts';

/** A request of the page. */
export interface WebRequest {
  readonly kind: 'web';
  readonly chat: ChatRequest;
  readonly thinks: boolean;
  /** Words in the model's name, such as `captcha` in `glm-5-captcha-t4`. */
  readonly words: ReadonlySet<string>;
}

type Fields = Readonly<Record<string, unknown>>;

/** Reads a request as strictly as the backend does. */
export function readWebRequest(api: 'v1' | 'v2', body: string, asked: Surroundings): WebRequest | Failure {
  const chat = readChatRequest(body);
  if (chat.kind === 'failure') return failure(400, 'Bad request');
  const fields = JSON.parse(body) as Fields;
  const { query, headers, credential } = asked;
  if (query.get('token') !== credential) return failure(401, 'The token of the query is not that of the header');
  if (query.get('user_id') !== userOf(credential))
    return failure(400, '403: Signature validation failed: another user');
  const signature = headers['x-signature'];
  const prompt = lastPrompt(fields['messages']);
  const isUnsigned = signature === undefined && api === 'v1';
  const call = { api, query, signature: String(signature), prompt, nowMs: Date.now() };
  if (!isUnsigned && !isSigned(call)) return failure(400, '403: Signature validation failed: no match');
  if (api === 'v2' && fields['signature_prompt'] !== prompt) {
    return failure(400, '403: Signature validation failed: another prompt');
  }
  if (!/^prod-fe-\d/.test(String(headers['x-fe-version']))) return failure(426, 'client version too old');
  if (fields['stream'] !== true) return failure(400, 'There are streams alone');
  const { enable_thinking: thinks } = fieldsOf(fields['features']);
  const words = new Set(splitSuffix(chat.model).base.split('-').slice(1));
  return { kind: 'web', chat, thinks: thinks === true, words };
}

function lastPrompt(messages: unknown): string {
  const list: readonly unknown[] = Array.isArray(messages) ? messages : [];
  const { content } = fieldsOf(list.findLast((message) => fieldsOf(message)['role'] === 'user'));
  if (typeof content === 'string') return content;
  const parts: readonly unknown[] = Array.isArray(content) ? content : [];
  const texts = parts.map((part) => fieldsOf(part)['text']).filter((text) => typeof text === 'string');
  return texts.join(' ').trim();
}

const fieldsOf = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {});
