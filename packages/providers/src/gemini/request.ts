import { type ChatBody, type ChatRequest, type UpstreamRequest, writeLossless } from '@sluice/protocol';
import type { CallPlan } from '../adapter.ts';
import { toConversation } from './contents.ts';
import { thinkingConfigOf, thinkingControlOf, type ThinkingOptions } from './thinking.ts';
import { toolNamesOf } from './tool-names.ts';
import { toTools } from './tools.ts';

/** Names of the parameters mapped below. */
export const parameters: ReadonlySet<string> = new Set([
  'temperature',
  'top_p',
  'top_k',
  'max_tokens',
  'max_completion_tokens',
  'stop',
  'seed',
  'frequency_penalty',
  'presence_penalty',
  'response_format',
  'reasoning_effort',
  'modalities',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
]);

/** Builds Gemini's request for an answer. */
export function toUpstream(body: ChatBody, plan: CallPlan, options: ThinkingOptions): UpstreamRequest {
  const needsSignatures = thinkingControlOf(plan.model, options) === 'level';
  const names = toolNamesOf(body);
  const method = plan.stream ? 'streamGenerateContent?alt=sse' : 'generateContent';
  return callOf(plan, method, {
    ...toConversation(body.messages ?? [], { needsSignatures, names }),
    ...toTools(body, names),
    generationConfig: toGenerationConfig(body, plan.model, options),
  });
}

/** Builds a call of a model's method. The key is in a header, because URLs are logged. */
export const callOf = (plan: CallPlan, method: string, body: object): UpstreamRequest =>
  methodCall(plan, method, writeLossless(body));

/** @param body JSON text */
export function methodCall(plan: CallPlan, method: string, body: string): UpstreamRequest {
  return {
    method: 'POST',
    url: `${plan.baseUrl}/${modelName(plan.model).split('/').map(encodeURIComponent).join('/')}:${method}`,
    headers: {
      'content-type': 'application/json',
      accept: plan.stream ? 'text/event-stream' : 'application/json',
      'accept-encoding': 'identity',
      'user-agent': 'sluice',
      ...keyHeader(plan),
    },
    body,
  };
}

export const keyHeader = ({ apiKey }: Pick<CallPlan, 'apiKey'>): Readonly<Record<string, string>> =>
  apiKey === undefined ? {} : { 'x-goog-api-key': apiKey };

/**
 * Returns the name with its collection, as in `models/gemini-2.5-flash`; names of other collections contain theirs:
 * `tunedModels/mine`.
 */
export const modelName = (model: string): string => (model.includes('/') ? model : `models/${model}`);

function toGenerationConfig(request: ChatBody, model: string, options: ThinkingOptions): object {
  const { stop, modalities, response_format: format } = request;
  // Undefined members are not written.
  return {
    temperature: request.temperature ?? undefined,
    topP: request.top_p ?? undefined,
    topK: request['top_k'],
    maxOutputTokens: request.max_completion_tokens ?? request.max_tokens ?? undefined,
    stopSequences: typeof stop === 'string' ? [stop] : (stop ?? undefined),
    seed: request.seed ?? undefined,
    frequencyPenalty: request.frequency_penalty ?? undefined,
    presencePenalty: request.presence_penalty ?? undefined,
    responseModalities: modalities?.map((modality) => modality.toUpperCase()),
    ...toResponseFormat(format),
    thinkingConfig: thinkingConfigOf(request.reasoning_effort, model, options),
  };
}

function toResponseFormat(format: ChatRequest['response_format']): object {
  if (format?.type === 'json_object') return { responseMimeType: 'application/json' };
  if (format?.type !== 'json_schema') return {};
  const { schema, description } = format.json_schema;
  const described = description === undefined ? schema : { description, ...schema };
  return {
    responseMimeType: 'application/json',
    ...(described === undefined ? {} : { responseJsonSchema: described }),
  };
}
