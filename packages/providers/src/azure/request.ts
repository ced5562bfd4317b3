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
  const path = isV1(baseUrl) ? '' : `/openai/deployments/${encodeURIComponent(model)}`;
  return `${path}${resource}${queryOf(baseUrl, apiVersion)}`;
}

/** Returns the path of the list of models that could be deployed, which tests a key. */
export const keyCheckPath = (baseUrl: string, apiVersion: string | undefined): string =>
  `${isV1(baseUrl) ? '' : '/openai'}/models${queryOf(baseUrl, apiVersion)}`;

const isV1 = (baseUrl: string): boolean => baseUrl.endsWith('/openai/v1');

function queryOf(baseUrl: string, apiVersion: string | undefined): string {
  const version = apiVersion ?? (isV1(baseUrl) ? undefined : defaultApiVersion);
  return version === undefined ? '' : `?api-version=${encodeURIComponent(version)}`;
}
