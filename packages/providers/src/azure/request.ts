import type { UpstreamRequest } from '@sluice/protocol';
import type { CallPlan, ChatBody } from '../adapter.ts';
import { openaiAdapter } from '../openai/index.ts';

/** The latest version that is not a preview. The v1 API needs none. */
const defaultApiVersion = '2024-10-21';

/**
 * OpenAI's request at Azure's place: the model is the name of a deployment and stands in the path, or, where the base URL
 * ends with `/openai/v1`, in the body.
 *
 * Source: https://learn.microsoft.com/azure/ai-services/openai/reference
 */
export function toUpstream(body: ChatBody, plan: CallPlan, apiVersion: string | undefined): UpstreamRequest {
  return atAzure(openaiAdapter.toUpstream(body, { ...plan, apiKey: undefined }), plan, apiVersion);
}

/** A request to OpenAI turned into one to Azure. */
export function atAzure(request: UpstreamRequest, plan: CallPlan, apiVersion: string | undefined): UpstreamRequest {
  const path = request.url.slice(plan.baseUrl.length);
  const headers = { ...request.headers, ...(plan.apiKey === undefined ? {} : { 'api-key': plan.apiKey }) };
  return { ...request, url: urlOf(plan, path, apiVersion), headers };
}

function urlOf({ baseUrl, model }: CallPlan, resource: string, apiVersion: string | undefined): string {
  const isV1 = baseUrl.endsWith('/openai/v1');
  const path = isV1 ? '' : `/openai/deployments/${encodeURIComponent(model)}`;
  const version = apiVersion ?? (isV1 ? undefined : defaultApiVersion);
  const query = version === undefined ? '' : `?api-version=${encodeURIComponent(version)}`;
  return `${baseUrl}${path}${resource}${query}`;
}
