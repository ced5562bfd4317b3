import {
  type ChatRequest,
  decimal,
  explainIssue,
  flag,
  GatewayError,
  integer,
  isObject,
  type JsonObject,
  list,
  object,
  refuseOperatorFields,
  text,
} from '@sluice/protocol';
import { z } from 'zod';
import { checkChat, type FieldNames, toOwnField } from '../check-chat.ts';
import { createDropped } from '../messages/dropped.ts';

/**
 * Parameters of `POST /v1/completions`.
 * @see https://platform.openai.com/docs/api-reference/completions/create
 */
export const completionsRequestSchema = object({
  model: text.min(1).max(256),
  prompt: z.union([text, list(text, 'strings').min(1)]),
  best_of: integer({ min: 1, max: 20 }).nullish(),
  echo: flag.nullish(),
  frequency_penalty: decimal({ min: -2, max: 2 }).nullish(),
  logit_bias: z.record(text, decimal({ min: -100, max: 100 }), 'an object').nullish(),
  logprobs: integer({ min: 0, max: 5 }).nullish(),
  max_tokens: integer({ min: 1 }).nullish(),
  n: integer({ min: 1, max: 128 }).nullish(),
  presence_penalty: decimal({ min: -2, max: 2 }).nullish(),
  seed: integer({ min: -(2 ** 63), max: 2 ** 63 }).nullish(),
  stop: z.union([text, list(text, 'strings').min(1)]).nullish(),
  stream: flag.nullish(),
  stream_options: object({ include_usage: flag.optional() }).nullish(),
  suffix: text.nullish(),
  temperature: decimal({ min: 0, max: 2 }).nullish(),
  top_p: decimal({ min: 0, max: 1 }).nullish(),
  user: text.nullish(),
});
export type CompletionsRequest = z.output<typeof completionsRequestSchema>;

/** @throws GatewayError 400 that names the field */
export function parseCompletionsRequest(body: unknown): CompletionsRequest {
  if (!isObject(body)) {
    throw new GatewayError('invalid_request', { message: 'The request body must be a JSON object.' });
  }
  refuseOperatorFields(body);
  const [issue] = completionsRequestSchema.safeParse(body).error?.issues ?? [];
  if (issue !== undefined) throw explainIssue(issue, body);
  return body as CompletionsRequest;
}

export interface TranslatedCompletionsRequest {
  readonly chat: ChatRequest;
  /** Fields that no upstream gets. */
  readonly dropped: readonly string[];
  /** Text that the answer begins with, because the client wants its prompt repeated. */
  readonly echo: string;
}

const names: FieldNames = [
  [/^messages.*$/, 'prompt'],
  [/^top_logprobs$/, 'logprobs'],
];

/** Returns the older API's name for a field of a chat request. */
export const toCompletionsField = (field: string): string => toOwnField(field, names);

/** Parameters with the same name and meaning in a chat request. */
const same = [
  'frequency_penalty',
  'logit_bias',
  'max_tokens',
  'n',
  'presence_penalty',
  'seed',
  'stop',
  'temperature',
  'top_p',
  'user',
] as const;

/** The API's own default, which keeps answers short. */
const defaultTokens = 16;

/**
 * Makes a chat of a prompt. A model of a chat answers the prompt instead of continuing it; no translation can change that.
 * @throws GatewayError 400 for what a chat can't do
 */
export function completionsToChat(request: CompletionsRequest): TranslatedCompletionsRequest {
  const { prompt, suffix, best_of: best, logprobs, stream } = request;
  const prompts = typeof prompt === 'string' ? [prompt] : prompt;
  if (prompts.length > 1) throw unsupported('prompt', 'several prompts in one request. Send one request for each.');
  if (suffix != null && suffix !== '') throw unsupported('suffix', 'a text after the answer.');
  if (best != null && best > (request.n ?? 1)) throw unsupported('best_of', 'a choice among several answers.');
  const dropped = createDropped();
  dropped.rest(request, new Set(Object.keys(completionsRequestSchema.shape)), '');
  const [content = ''] = prompts;
  const chat: JsonObject = {
    model: request.model,
    messages: [{ role: 'user', content }],
    max_tokens: defaultTokens,
    ...Object.fromEntries(same.flatMap((name) => (request[name] == null ? [] : [[name, request[name]]]))),
    ...(logprobs == null ? {} : { logprobs: true, top_logprobs: logprobs }),
    ...(stream === true ? { stream, stream_options: { include_usage: true } } : {}),
  };
  return { chat: checkChat(chat, names), dropped: dropped.names(), echo: request.echo === true ? content : '' };
}

const unsupported = (param: string, what: string): GatewayError =>
  new GatewayError('unsupported_parameter', {
    param,
    message: `Unsupported parameter: '${param}'. A chat request, into which this one is translated, can't have ${what}`,
  });
