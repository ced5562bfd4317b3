import type { CallPlan } from '../adapter.ts';

/** The latest version that is not a preview. The v1 API needs none. */
const defaultApiVersion = '2024-10-21';

/**
 * Azure's place for OpenAI's request: the model is the name of a deployment and stands in the path, or, where the base
 * URL ends with `/openai/v1`, in the body.
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
