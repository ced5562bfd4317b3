import { randomUUID } from 'node:crypto';
import type { UpstreamConfig } from '@sluice/config';
import type { UpstreamRequest } from '@sluice/protocol';
import type { CallPlan, ProviderAdapter } from '@sluice/providers';

type Place = Pick<UpstreamConfig, 'type' | 'baseUrl'>;

/**
 * A call that no provider bills, made as the adapter makes its calls: the list of models, where the protocol has one.
 * Its key and headers are those of a chat request.
 *
 * @returns undefined for a protocol without such a call
 */
export function modelsCall(
  adapter: ProviderAdapter,
  { type, baseUrl, isNative }: Place & { readonly isNative: boolean },
  apiKey: string | undefined,
): UpstreamRequest | undefined {
  if (type === 'coze' || type === 'zai-web' || (type === 'bailian' && isNative)) return undefined;
  const plan: CallPlan = {
    model: 'doctor',
    baseUrl,
    apiKey,
    stream: false,
    reportStreamUsage: false,
    requestId: 'doctor',
    startedAtMs: Date.now(),
    newId: randomUUID,
    keepsThinkingMarkup: false,
  };
  const chat = adapter.toUpstream({ model: 'doctor', messages: [{ role: 'user', content: 'doctor' }] }, plan);
  const { 'content-type': _type, ...headers } = chat.headers;
  return {
    method: 'GET',
    url: modelsUrl({ type, baseUrl }, chat.url),
    headers: { ...headers, accept: 'application/json' },
    body: undefined,
  };
}

/** The list stands beside the chat, under the same query. */
function modelsUrl({ type, baseUrl }: Place, chatUrl: string): string {
  const { search } = new URL(chatUrl);
  switch (type) {
    case 'azure':
      return `${baseUrl}${baseUrl.endsWith('/openai/v1') ? '' : '/openai'}/models${search}`;
    case 'gemini':
      return `${baseUrl}/models`;
    case 'ollama':
      if (chatUrl.endsWith('/api/chat')) return chatUrl.replace(/\/chat$/, '/tags');
      return `${baseUrl}/models`;
    case 'bailian':
      return chatUrl.replace('/chat/completions', '/models');
    default:
      return `${baseUrl}/models`;
  }
}

/** Any answer to it shows that the way to the provider is free. It carries no key. */
export const knock = (baseUrl: string): UpstreamRequest => ({
  method: 'GET',
  url: baseUrl,
  headers: { 'user-agent': 'sluice', accept: '*/*', 'accept-encoding': 'identity' },
  body: undefined,
});

/** The number of models in an answer of any of the protocols; undefined where it holds no list. */
export function countModels(text: string): number | undefined {
  try {
    const answer: unknown = JSON.parse(text);
    if (typeof answer !== 'object' || answer === null) return undefined;
    const list: unknown = Reflect.get(answer, 'data') ?? Reflect.get(answer, 'models');
    return Array.isArray(list) ? list.length : undefined;
  } catch {
    return undefined;
  }
}
