import { isFilled, isObject, type JsonObject, respell, type UpstreamRequest, writeChanged } from '@sluice/protocol';
import type { CallPlan } from '../adapter.ts';
import { streamOptions } from '../stream-options.ts';
import { amend, amendEach } from '../json-object.ts';
import { refusesMarks, withoutCacheMarks } from './cache-marks.ts';
import { type CallIdRule, isMistral } from './call-ids.ts';
import { amendHistory, type HistoryRules } from './history.ts';
import type { Dialect, Place } from './options.ts';

/** Form in which a server expects its requests. */
export type RequestStyle = Dialect & Place;

export interface RequestContext {
  readonly plan: CallPlan;
  readonly style: RequestStyle;
  /** Set for OpenAI's own servers and those within Azure; default: derived from the address. */
  readonly isOpenAi?: boolean | undefined;
  /** Rule for call ids that the server's errors have revealed. */
  readonly callIds?: CallIdRule | undefined;
}

/**
 * Builds the request with the provider's model name, in the server's dialect; everything else passes unchanged, unknown
 * fields included.
 */
export function writeRequest(body: JsonObject, context: RequestContext): UpstreamRequest {
  const { plan, style } = context;
  const isMarked = !rulesOf(context).isStrict && !refusesMarks(plan.baseUrl);
  const accepted = isMarked ? body : withoutCacheMarks(body);
  return {
    method: 'POST',
    url: `${plan.baseUrl}${style.chat_path}`,
    headers: {
      'user-agent': 'sluice',
      ...lowerCased(style.headers),
      'content-type': 'application/json',
      accept: plan.stream ? 'text/event-stream' : 'application/json',
      'accept-encoding': 'identity',
      ...keyHeader(plan.apiKey, style.auth_header.toLowerCase()),
    },
    body: writeChanged(withParameters(withMessages(accepted, context), style), {
      model: plan.model,
      ...streamFields(body, plan),
      ...style.set,
    }),
  };
}

/**
 * Returns the members for streaming. Undefined members are not written: a request for a whole answer must not ask for a
 * stream.
 */
function streamFields(body: JsonObject, { stream, reportStreamUsage }: CallPlan): object {
  if (!stream) return { stream: body['stream'] === true ? undefined : body['stream'], stream_options: undefined };
  if (!reportStreamUsage) return { stream };
  return { stream, stream_options: { ...streamOptions(body), include_usage: true } };
}

export function keyHeader(key: string | undefined, name: string): Readonly<Record<string, string>> {
  if (key === undefined) return {};
  return { [name]: name === 'authorization' ? `Bearer ${key}` : key };
}

export const lowerCased = (headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

/**
 * Renames parameters. Unsupported parameters that remain here have no effect and are removed. A target name that the
 * client used itself is not overwritten.
 */
function withParameters(body: JsonObject, { rename, unsupported }: RequestStyle): JsonObject {
  if (unsupported.length === 0 && Object.keys(rename).length === 0) return body;
  const isTarget = (name: string): boolean => Object.values(rename).includes(name);
  const isGiven = (name: string): boolean => Object.hasOwn(body, name) && body[name] !== null;
  const renamed = Object.entries(body).flatMap(([name, value]): [string, unknown][] => {
    const other = Object.hasOwn(rename, name) ? rename[name] : undefined;
    if (other === undefined) return value === null && isTarget(name) ? [] : [[name, value]];
    return isGiven(other) ? [] : [[other, value]];
  });
  return respell(Object.fromEntries(renamed.filter(([name]) => !unsupported.includes(name))), body);
}

function withMessages(body: JsonObject, context: RequestContext): JsonObject {
  const { messages } = body;
  if (!Array.isArray(messages)) return body;
  const { system_role: role, text_content: isText } = context.style;
  const history = amendHistory(messages, rulesOf(context));
  if (role === undefined && !isText) return amend(body, { messages: history });
  return amend(body, {
    messages: amendEach(history, (message) => {
      const isInstruction = message['role'] === 'system' || message['role'] === 'developer';
      return amend(message, {
        ...(isInstruction && role !== undefined ? { role } : {}),
        ...(isText ? { content: joinTexts(message['content']) } : {}),
      });
    }),
  });
}

function rulesOf({ plan, style, isOpenAi = openAiPlace.test(plan.baseUrl), callIds }: RequestContext): HistoryRules {
  const isOfMistral = isMistral(plan);
  return {
    callIds: style.tool_call_ids ?? callIds ?? (isOfMistral ? 'nine_characters' : isOpenAi ? 'at_most_40' : 'as_given'),
    isStrict: isOpenAi || isOfMistral,
    refusesInText: isOfMistral,
  };
}

/** Returns whether the server at this address gets only what its document has. */
export const isStrictPlace = (baseUrl: string): boolean =>
  openAiPlace.test(baseUrl) || refusesMarks(baseUrl) || isMistral({ baseUrl, model: '' });

const openAiPlace = /^https?:\/\/(?:[\w-]+\.)*(?:api\.openai\.com|openai\.azure\.com)(?:[:/]|$)/i;

/** Joins texts; content with other parts remains a list. */
function joinTexts(content: unknown): unknown {
  if (!Array.isArray(content)) return content;
  const texts = content.map((part: unknown) => (isObject(part) && part['type'] === 'text' ? part['text'] : undefined));
  return texts.every((text) => isFilled(text) || text === '') ? texts.join('\n') : content;
}
