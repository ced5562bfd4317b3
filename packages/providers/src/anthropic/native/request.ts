import {
  isObject,
  itemsOf,
  type JsonObject,
  type NativeRequest,
  parseLossless,
  replaceMember,
  type UpstreamRequest,
  writeLossless,
} from '@sluice/protocol';
import type { CallPlan } from '../../adapter.ts';
import { type AnthropicOptions, headersOf } from '../request.ts';

/**
 * Builds the call of a client that speaks Anthropic's protocol: its bytes with the name of the target's model. Its headers
 * replace those of the upstream's options; the betas of both are sent.
 */
export function toUpstream(
  { headers, body }: NativeRequest,
  plan: CallPlan,
  options: Pick<AnthropicOptions, 'version' | 'beta'>,
): UpstreamRequest {
  const own = headersOf(plan, options);
  const betas = [...new Set([...(headers['anthropic-beta']?.split(',') ?? []), ...options.beta].map(trim))];
  return {
    method: 'POST',
    url: `${plan.baseUrl}/messages`,
    headers: {
      'content-type': 'application/json',
      accept: plan.stream ? 'text/event-stream' : 'application/json',
      'accept-encoding': 'identity',
      'user-agent': 'sluice',
      ...own,
      ...headers,
      ...(betas.length === 0 ? {} : { 'anthropic-beta': betas.join(',') }),
    },
    body: replaceMember(body, 'model', JSON.stringify(plan.model)) ?? body,
  };
}

const trim = (text: string): string => text.trim();

/**
 * Leaves out all signed reasoning, and with it the settings that need it: a model that thinks expects its last turn with
 * calls to begin with its reasoning. Returns undefined if there is none.
 */
export function withoutThinking(request: NativeRequest): NativeRequest | undefined {
  const body = parseLossless(request.body);
  if (!isObject(body)) return undefined;
  let isFound = false;
  const messages = itemsOf(body['messages']).map((message) => {
    if (!isObject(message) || !Array.isArray(message['content'])) return message;
    const content = message['content'].filter((block: unknown) => !isThinking(block));
    if (content.length === message['content'].length) return message;
    isFound = true;
    return { ...message, content };
  });
  if (!isFound) return undefined;
  const { thinking: _thinking, context_management: _management, ...rest }: JsonObject = body;
  return { ...request, body: writeLossless({ ...rest, messages: messages.filter(hasContent) }) };
}

const isThinking = (block: unknown): boolean =>
  isObject(block) && (block['type'] === 'thinking' || block['type'] === 'redacted_thinking');

/** A turn that had reasoning alone is left out: Anthropic refuses empty ones. */
const hasContent = (message: unknown): boolean =>
  !isObject(message) || !Array.isArray(message['content']) || message['content'].length > 0;
