import type { CallPlan } from '../adapter.ts';

/** Latest version that is not a preview. The v1 API needs none. */
const defaultApiVersion = '2024-10-21';

/**
 * Returns Azure's path for an OpenAI request. The model is the name of a deployment in the path or, if the base URL
 * ends with `/openai/v1`, in the body.
 *
 * Source: https://learn.microsoft.com/azure/ai-services/openai/reference
 */
export function pathTo(resource: string, { baseUrl, model }: CallPlan, apiVersion: string | undefined): string {
  const isV1 = baseUrl.endsWith('/openai/v1');
  const path = isV1 ? '' : `/openai/deployments/${encodeURIComponent(model)}`;
  const version = apiVersion ?? (isV1 ? undefined : defaultApiVersion);
  const query = version === undefined ? '' : `?api-version=${encodeURIComponent(version)}`;
  return `${path}${resource}${query}`;
}
