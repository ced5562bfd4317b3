import { randomUUID } from 'node:crypto';
import { membersOf, type UpstreamRequest } from '@sluice/protocol';
import type { ListPlan, ProviderAdapter } from '@sluice/providers';

/**
 * Returns a call that no provider bills: the first page of the list of models, or the adapter's own check of a key. It
 * is the worker's own call where the worker reads that list too, so that both get the same result.
 *
 * @returns undefined for a protocol without such a call
 */
export function modelsCall(
  adapter: Pick<ProviderAdapter, 'models' | 'keyCheck'>,
  baseUrl: string,
  apiKey: string | undefined,
): UpstreamRequest | undefined {
  const plan: ListPlan = { baseUrl, apiKey, startedAtMs: Date.now() };
  return adapter.models?.toUpstream(plan, undefined) ?? adapter.keyCheck?.({ ...plan, newId: randomUUID });
}

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
