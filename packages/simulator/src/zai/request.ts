import { splitSuffix } from '../faults/directives.ts';
import { type ChatRequest, readChatRequest } from '../openai/chat-request.ts';
import type { Failure } from '../server/provider.ts';

/** A request to the GLM API, with the fields that OpenAI's protocol lacks. */
export interface GlmRequest {
  readonly kind: 'glm';
  readonly chat: ChatRequest;
  /** Undefined if the request leaves the choice to the API. */
  readonly thinks: boolean | undefined;
  readonly searches: boolean;
  readonly streamsTools: boolean;
  /** Words in the model's name, such as `sensitive` in `glm-4.5-sensitive-t4`. */
  readonly words: ReadonlySet<string>;
}

type Fields = Readonly<Record<string, unknown>>;

export function readGlmRequest(body: string): GlmRequest | Failure {
  const chat = readChatRequest(body);
  if (chat.kind === 'failure') return chat;
  const { thinking, tools, tool_stream: streamsTools } = JSON.parse(body) as Fields;
  const { type } = fieldsOf(thinking);
  return {
    kind: 'glm',
    chat,
    thinks: type === 'enabled' ? true : type === 'disabled' ? false : undefined,
    searches: Array.isArray(tools) && tools.some((tool: unknown) => fieldsOf(tool)['type'] === 'web_search'),
    streamsTools: streamsTools === true,
    words: new Set(splitSuffix(chat.model).base.split('-').slice(1)),
  };
}

const fieldsOf = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {});
