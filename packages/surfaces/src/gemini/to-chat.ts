import { type ChatRequest, isObject, type JsonObject, membersOf } from '@sluice/protocol';
import { checkChat, type FieldNames, toOwnField } from '../check-chat.ts';
import { createDropped, type Dropped } from '../messages/dropped.ts';
import { camelMembers, type GeminiRequest } from './request-schema.ts';
import { toJsonSchema, toTooling } from './tools.ts';
import { toMessages } from './turns.ts';

export interface TranslatedGeminiRequest {
  readonly chat: ChatRequest;
  /** Fields that no upstream of another type gets. */
  readonly dropped: readonly string[];
  /** The client wants to see the reasoning. */
  readonly showsReasoning: boolean;
}

export interface GeminiCall {
  readonly model: string;
  readonly stream: boolean;
  /**
   * An upstream of Google may get the client's own request. What no other upstream can serve is then left out of the translation
   * instead of being refused.
   */
  readonly isNative: boolean;
}

const names: FieldNames = [
  [/^messages\b.*$/, 'contents'],
  [/^(tools\[\d+\])\.function\.(.*)$/, 'tools[0].functionDeclarations'],
  [/^tools.*$/, 'tools'],
  [/^tool_choice.*$/, 'toolConfig'],
  [/^top_k$/, 'generationConfig.topK'],
  [/^logprobs$/, 'generationConfig.responseLogprobs'],
  [/^reasoning_effort$/, 'generationConfig.thinkingConfig'],
  [/^temperature$/, 'generationConfig.temperature'],
  [/^top_p$/, 'generationConfig.topP'],
  [/^max_completion_tokens$/, 'generationConfig.maxOutputTokens'],
  [/^stop.*$/, 'generationConfig.stopSequences'],
  [/^n$/, 'generationConfig.candidateCount'],
  [/^seed$/, 'generationConfig.seed'],
  [/^presence_penalty$/, 'generationConfig.presencePenalty'],
  [/^frequency_penalty$/, 'generationConfig.frequencyPenalty'],
  [/^top_logprobs$/, 'generationConfig.logprobs'],
  [/^response_format.*$/, 'generationConfig.responseSchema'],
  [/^modalities.*$/, 'generationConfig.responseModalities'],
];

const topMembers: ReadonlySet<string> = new Set([
  'contents',
  'systemInstruction',
  'tools',
  'toolConfig',
  'generationConfig',
]);

/** Returns Google's name for a field of a chat request. */
export const toGeminiField = (field: string): string => toOwnField(field, names);

/** @throws GatewayError 400 that names the field */
export function toGeminiChat(request: GeminiRequest, { model, stream, isNative }: GeminiCall): TranslatedGeminiRequest {
  const dropped = createDropped();
  dropped.rest(request, topMembers, '');
  const config = camelMembers(membersOf(request.generationConfig));
  const chat = {
    model,
    messages: toMessages(request, { isNative, dropped }),
    ...toTooling(request, { isNative, dropped }),
    ...toSettings(config, dropped),
    ...(stream ? { stream: true, stream_options: { include_usage: true } } : {}),
  };
  const thinking = camelMembers(membersOf(config['thinkingConfig']));
  return {
    chat: isNative ? (chat as unknown as ChatRequest) : checkChat(chat, names),
    dropped: dropped.names(),
    showsReasoning: thinking['includeThoughts'] === true,
  };
}

/** Settings with one counterpart. */
const same: Readonly<Record<string, string>> = {
  temperature: 'temperature',
  topP: 'top_p',
  maxOutputTokens: 'max_completion_tokens',
  stopSequences: 'stop',
  seed: 'seed',
  presencePenalty: 'presence_penalty',
  frequencyPenalty: 'frequency_penalty',
  candidateCount: 'n',
};
const read: ReadonlySet<string> = new Set([
  ...Object.keys(same),
  'responseMimeType',
  'responseSchema',
  'responseJsonSchema',
  'thinkingConfig',
  'responseLogprobs',
  'logprobs',
  'responseModalities',
]);

const thinkingMembers: ReadonlySet<string> = new Set(['includeThoughts', 'thinkingBudget', 'thinkingLevel']);
const types: ReadonlySet<string> = new Set(['text/plain', 'application/json']);

function toSettings(config: JsonObject, dropped: Dropped): JsonObject {
  dropped.rest(config, read, 'generationConfig.');
  const settings = Object.entries(same).flatMap(([name, chatName]) => {
    const value = config[name];
    const isNone = value == null || (Array.isArray(value) && value.length === 0);
    return isNone ? [] : [[chatName, value] as const];
  });
  const { responseLogprobs, logprobs, responseModalities: modalities, responseMimeType: type } = config;
  const thinking = camelMembers(membersOf(config['thinkingConfig']));
  dropped.rest(thinking, thinkingMembers, 'generationConfig.thinkingConfig.');
  if (logprobs != null && responseLogprobs !== true) dropped.add('generationConfig.logprobs');
  if (typeof type === 'string' && !types.has(type)) dropped.add('generationConfig.responseMimeType');
  return {
    ...Object.fromEntries(settings),
    ...(responseLogprobs === true ? { logprobs: true, ...(logprobs == null ? {} : { top_logprobs: logprobs }) } : {}),
    ...(Array.isArray(modalities) && modalities.some((each) => each !== 'TEXT')
      ? { modalities: modalities.map((each) => String(each).toLowerCase()) }
      : {}),
    ...effortOf(thinking),
    ...formatOf(config),
  };
}

/** Budgets in tokens up to which an effort is asked for. */
const efforts: readonly (readonly [number, string])[] = [
  [0, 'none'],
  [1024, 'minimal'],
  [4096, 'low'],
  [12_288, 'medium'],
];

function effortOf({ thinkingBudget: budget, thinkingLevel: level }: JsonObject): JsonObject {
  if (typeof level === 'string' && level !== 'THINKING_LEVEL_UNSPECIFIED')
    return { reasoning_effort: level.toLowerCase() };
  // -1: the model decides.
  if (typeof budget !== 'number' || budget < 0) return {};
  return { reasoning_effort: efforts.find(([most]) => budget <= most)?.[1] ?? 'high' };
}

function formatOf({ responseMimeType: type, responseSchema, responseJsonSchema }: JsonObject): JsonObject {
  const schema = isObject(responseJsonSchema)
    ? responseJsonSchema
    : isObject(responseSchema)
      ? toJsonSchema(responseSchema)
      : undefined;
  if (schema !== undefined)
    return { response_format: { type: 'json_schema', json_schema: { name: 'response', schema } } };
  return type === 'application/json' ? { response_format: { type: 'json_object' } } : {};
}
