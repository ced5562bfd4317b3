import type { IncomingHttpHeaders } from 'node:http';
import { type ChatRequest, readChatRequest } from '../openai/chat-request.ts';
import type { Failure } from '../server/provider.ts';
import { errorOf } from './errors.ts';

/** A request to an application. */
export interface AppRequest {
  readonly kind: 'app';
  /** The same request in OpenAI's form, from which the answer is created. */
  readonly chat: ChatRequest;
  readonly sessionId: string;
  readonly hasReasoning: boolean;
  /** Set if a frame contains only new text. */
  readonly isIncremental: boolean;
  /** Set if there are no blank lines between frames. */
  readonly isPacked: boolean;
}

type Fields = Readonly<Record<string, unknown>>;

/** Prefix of applications in a workspace that is not the key's default. */
const foreignPrefix = 'foreign-';
/** Prefix of applications whose streams have no blank lines. */
const packedPrefix = 'packed-';

/** Reads a native request to an application. */
export function readAppRequest(appId: string, body: string, headers: IncomingHttpHeaders): AppRequest | Failure {
  if (appId.startsWith(foreignPrefix) && !headers['x-dashscope-workspace']) {
    return errorOf(403, 'AccessDenied', 'Workspace access denied.');
  }
  const { input, parameters } = parseFields(body);
  const { prompt, messages, session_id: session } = fieldsOf(input);
  const settings = fieldsOf(parameters);
  const question = Array.isArray(messages)
    ? messages
    : typeof prompt === 'string' && [{ role: 'user', content: prompt }];
  if (question === false || question.length === 0) {
    const message = 'Either "prompt" or "messages" must exist and cannot both be none';
    return errorOf(400, 'InvalidParameter', message);
  }
  const chat = readChatRequest(
    JSON.stringify({
      model: appId,
      messages: question,
      stream: headers['x-dashscope-sse'] === 'enable',
      max_tokens: settings['max_tokens'],
    }),
  );
  if (chat.kind === 'failure') return errorOf(400, 'InvalidParameter', 'Required parameter(s) missing or invalid.');
  return {
    kind: 'app',
    chat,
    sessionId: typeof session === 'string' && session !== '' ? session : `session${chat.conversation}`,
    hasReasoning: settings['has_thoughts'] === true,
    isIncremental: settings['incremental_output'] === true,
    isPacked: appId.startsWith(packedPrefix),
  };
}

function parseFields(text: string): Fields {
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    return {};
  }
}

const fieldsOf = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {});
