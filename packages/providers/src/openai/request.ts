import { type UpstreamRequest, writeLossless } from '@sluice/protocol';
import type { CallPlan, ChatBody } from '../adapter.ts';
import { streamOptions } from '../stream-options.ts';
import { isFilled, isObject } from '../json-object.ts';
import type { Dialect, Place } from './options.ts';

/** How a server wants its requests. */
export type RequestStyle = Dialect & Place;

export interface RequestContext {
  readonly plan: CallPlan;
  readonly style: RequestStyle;
}

/**
 * The client's request with the provider's model name, in the server's dialect; all else passes as it is, fields we
 * don't know included.
 */
export function toUpstream(body: ChatBody, { plan, style }: RequestContext): UpstreamRequest {
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
    body: writeLossless({
      ...withParameters(withMessages(body, style), style),
      model: plan.model,
      ...streamFields(body, plan),
      ...style.set,
    }),
  };
}

/** Members that are undefined are not written: where the answer is wanted whole, nothing may ask for a stream. */
function streamFields(body: ChatBody, { stream, reportStreamUsage }: CallPlan): object {
  if (!stream) return { stream: body['stream'] === true ? undefined : body['stream'], stream_options: undefined };
  if (!reportStreamUsage) return { stream };
  return { stream, stream_options: { ...streamOptions(body), include_usage: true } };
}

function keyHeader(key: string | undefined, name: string): Readonly<Record<string, string>> {
  if (key === undefined) return {};
  return { [name]: name === 'authorization' ? `Bearer ${key}` : key };
}

const lowerCased = (headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

/** What is left of unsupported parameters here asks for nothing. A name that the client used itself is not overwritten. */
function withParameters(body: ChatBody, { rename, unsupported }: RequestStyle): ChatBody {
  if (unsupported.length === 0 && Object.keys(rename).length === 0) return body;
  const isTarget = (name: string): boolean => Object.values(rename).includes(name);
  const isGiven = (name: string): boolean => Object.hasOwn(body, name) && body[name] !== null;
  const renamed = Object.entries(body).flatMap(([name, value]): [string, unknown][] => {
    const other = Object.hasOwn(rename, name) ? rename[name] : undefined;
    if (other === undefined) return value === null && isTarget(name) ? [] : [[name, value]];
    return isGiven(other) ? [] : [[other, value]];
  });
  return Object.fromEntries(renamed.filter(([name]) => !unsupported.includes(name)));
}

function withMessages(body: ChatBody, { system_role: role, text_content: isText }: RequestStyle): ChatBody {
  const { messages } = body;
  if ((role === undefined && !isText) || !Array.isArray(messages)) return body;
  return {
    ...body,
    messages: messages.map((message: unknown) => {
      if (!isObject(message)) return message;
      const isInstruction = message['role'] === 'system' || message['role'] === 'developer';
      return {
        ...message,
        ...(isInstruction && role !== undefined ? { role } : {}),
        ...(isText ? { content: joinTexts(message['content']) } : {}),
      };
    }),
  };
}

/** Content with anything but text in it stays a list. */
function joinTexts(content: unknown): unknown {
  if (!Array.isArray(content)) return content;
  const texts = content.map((part: unknown) => (isObject(part) && part['type'] === 'text' ? part['text'] : undefined));
  return texts.every((text) => isFilled(text) || text === '') ? texts.join('\n') : content;
}
