import { randomUUID } from 'node:crypto';
import type { UpstreamConfig } from '@sluice/config';
import { membersOf, type UpstreamRequest } from '@sluice/protocol';
import type { ListPlan, ProviderAdapter } from '@sluice/providers';

type Place = Pick<UpstreamConfig, 'type' | 'baseUrl'>;

/**
 * Returns a call that no provider bills: the first page of the list of models. It is the worker's own call where the
 * worker reads that list too, so that both get the same result.
 *
 * @returns undefined for a protocol without such a call
 */
export function modelsCall(
  adapter: ProviderAdapter,
  { type, baseUrl }: Place,
  apiKey: string | undefined,
): UpstreamRequest | undefined {
  const plan: ListPlan = { baseUrl, apiKey, startedAtMs: Date.now() };
  if (adapter.models !== undefined) return adapter.models.toUpstream(plan, undefined);
  return type === 'azure' || type === 'iflow' ? besideChat(adapter, plan, folderOf({ type, baseUrl })) : undefined;
}

/** Returns a call for a list that does not name the usable models: the worker ignores it, but it tests the key. */
function besideChat(adapter: ProviderAdapter, plan: ListPlan, folder: string): UpstreamRequest {
  const chat = adapter.toUpstream(
    { model: 'doctor', messages: [{ role: 'user', content: 'doctor' }] },
    {
      ...plan,
      model: 'doctor',
      stream: false,
      reportStreamUsage: false,
      requestId: 'doctor',
      newId: randomUUID,
      keepsThinkingMarkup: false,
    },
  );
  const { 'content-type': _type, ...headers } = chat.headers;
  return {
    method: 'GET',
    url: `${folder}/models${new URL(chat.url).search}`,
    headers: { ...headers, accept: 'application/json' },
    body: undefined,
  };
}

const folderOf = ({ type, baseUrl }: Place): string =>
  type === 'azure' && !baseUrl.endsWith('/openai/v1') ? `${baseUrl}/openai` : baseUrl;

/** A call without a key; any answer to it shows that the provider is reachable. */
export const knock = (baseUrl: string): UpstreamRequest => ({
  method: 'GET',
  url: baseUrl,
  headers: { 'user-agent': 'sluice', accept: '*/*', 'accept-encoding': 'identity' },
  body: undefined,
});

/** Counts the models in an answer, as the worker does if it reads the list too; undefined without a list. */
export const countModels = ({ models }: ProviderAdapter, text: string): number | undefined =>
  models === undefined ? countEntries(text) : models.read(text)?.names.length;

function countEntries(text: string): number | undefined {
  try {
    const answer: unknown = JSON.parse(text);
    if (Array.isArray(answer)) return answer.length;
    const { data, models } = membersOf(answer);
    const list = data ?? models;
    return Array.isArray(list) ? list.length : undefined;
  } catch {
    return undefined;
  }
}
