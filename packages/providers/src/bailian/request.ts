import { type ChatBody, type UpstreamRequest, writeLossless } from '@sluice/protocol';
import type { CallPlan } from '../adapter.ts';
import type { BailianOptions } from './options.ts';
import { toInput } from './conversation.ts';

/** Parameters with the same name at OpenAI or in the provider's own clients. */
const sameName = [
  'temperature',
  'top_p',
  'top_k',
  'seed',
  'stop',
  'presence_penalty',
  'frequency_penalty',
  'enable_thinking',
  'rag_options',
] as const;

/** Request parameters that reach an application. */
export const mappedParameters: ReadonlySet<string> = new Set([
  ...sameName,
  'max_tokens',
  'max_completion_tokens',
  'reasoning_effort',
  'session_id',
  'biz_params',
]);

/** Builds a completion of an application. Models and their settings are configured in the application. */
export function toUpstream(body: ChatBody, plan: CallPlan, options: BailianOptions): UpstreamRequest {
  const appId = options.app_id ?? plan.model;
  return {
    method: 'POST',
    url: `${plan.baseUrl}/api/v1/apps/${encodeURIComponent(appId)}/completion`,
    headers: {
      'content-type': 'application/json',
      accept: plan.stream ? 'text/event-stream' : 'application/json',
      'accept-encoding': 'identity',
      'user-agent': 'sluice',
      // This header requests a stream; `accept` does not.
      ...(plan.stream ? { 'x-dashscope-sse': 'enable' } : {}),
      ...workspaceHeader(options),
      ...(plan.apiKey === undefined ? {} : { authorization: `Bearer ${plan.apiKey}` }),
    },
    body: writeLossless({
      input: { ...toInput(body), ...given({ biz_params: body['biz_params'] ?? options.biz_params }) },
      parameters: parametersOf(body, plan, options),
      debug: {},
    }),
  };
}

export const workspaceHeader = ({ workspace }: BailianOptions): Readonly<Record<string, string>> =>
  workspace === undefined ? {} : { 'x-dashscope-workspace': workspace };

function parametersOf(body: ChatBody, { stream }: CallPlan, options: BailianOptions): object {
  return given({
    rag_options: options.rag_options,
    enable_thinking: thinkingOf(body['reasoning_effort']),
    ...given(Object.fromEntries(sameName.map((name) => [name, body[name]]))),
    max_tokens: body['max_completion_tokens'] ?? body['max_tokens'],
    // Otherwise each frame repeats the whole text so far.
    incremental_output: stream && options.incremental ? true : undefined,
    has_thoughts: options.thoughts ? true : undefined,
  });
}

/** Returns whether an application reasons; there are no levels. */
function thinkingOf(effort: unknown): boolean | undefined {
  return typeof effort === 'string' ? effort !== 'none' && effort !== 'minimal' : undefined;
}

/** Removes undefined and null members. */
const given = (fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value != null));
