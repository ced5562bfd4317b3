import { type ChatBody, isFilled } from '@sluice/protocol';
import { z } from 'zod';
import type { FieldPath } from '../adapter.ts';
import { isEmptyAnswer } from '../support/empty-answers.ts';

/** Input of an application, in the provider's form. */
export interface NativeInput {
  readonly prompt?: string;
  readonly messages?: readonly { readonly role: string; readonly content: string }[];
  readonly session_id?: string;
  /** URLs of images. */
  readonly image_list?: readonly string[];
}

const partSchema = z.object({
  type: z.string(),
  text: z.string().catch(''),
  refusal: z.string().catch(''),
  image_url: z.union([z.string(), z.object({ url: z.string() }).transform(({ url }) => url)]).catch(''),
});

const messageSchema = z.looseObject({
  role: z.string(),
  content: z
    .union([z.string(), z.array(partSchema)])
    .nullish()
    .catch(undefined),
  refusal: z.string().nullish().catch(undefined),
});

type Message = z.output<typeof messageSchema>;

const messagesSchema = z.array(messageSchema).catch([]);

/**
 * Builds the input. A single user message is a prompt; otherwise the input is a list of messages. In a session the
 * provider has the earlier messages and receives only the last one: with a list it would ignore the session.
 */
export function toInput(body: ChatBody): NativeInput {
  const messages = messagesSchema.parse(body['messages']).filter((message) => !isEmptyAnswer(message));
  const last = messages.at(-1);
  const images = imagesOf(messages.findLast(isOfUser));
  const sessionId = sessionIdOf(body);
  const isPrompt = last !== undefined && isOfUser(last) && (messages.length === 1 || sessionId !== undefined);
  return {
    ...(isPrompt
      ? { prompt: textOf(last) }
      : { messages: messages.map((message) => ({ role: roleOf(message), content: textOf(message) })) }),
    ...(sessionId === undefined ? {} : { session_id: sessionId }),
    ...(images.length === 0 ? {} : { image_list: images }),
  };
}

/**
 * Returns unsupported fields. Applications have their own tools and accept none of the client's; they accept images
 * only in the question.
 */
export function findUnsupportedMessages(body: ChatBody): readonly FieldPath[] {
  const messages = messagesSchema.parse(body['messages']);
  const question = messages.findLastIndex(isOfUser);
  const last = messages.findLastIndex((message) => !isEmptyAnswer(message));
  const inMessages = messages.flatMap((message, at): FieldPath[] => {
    if (message.role === 'tool' || message.role === 'function') return [['messages', at]];
    return [...unsupportedFields(message, at), ...unsupportedParts(message, { at, question })];
  });
  const isSessionOdd = body['session_id'] != null && (sessionIdOf(body) === undefined || question !== last);
  return isSessionOdd ? [...inMessages, ['session_id']] : inMessages;
}

function unsupportedFields(message: Message, at: number): FieldPath[] {
  return ['name', 'tool_calls', 'function_call', 'audio'].flatMap((field): FieldPath[] => {
    const value = message[field];
    const isNothing = value == null || value === '' || (Array.isArray(value) && value.length === 0);
    return isNothing ? [] : [['messages', at, field]];
  });
}

/** Kinds of parts that are not reported here; `capabilities` reports unsupported audio, files and embedded images. */
const knownParts: ReadonlySet<string> = new Set(['text', 'refusal', 'input_audio', 'file']);

function unsupportedParts({ content }: Message, { at, question }: { at: number; question: number }): FieldPath[] {
  if (!Array.isArray(content)) return [];
  return content.flatMap(({ type, image_url: url }, partAt): FieldPath[] => {
    const isFine = knownParts.has(type) || (type === 'image_url' && (at === question || url.startsWith('data:')));
    return isFine ? [] : [['messages', at, 'content', partAt]];
  });
}

function sessionIdOf({ session_id: id }: ChatBody): string | undefined {
  return typeof id === 'string' && id !== '' ? id : undefined;
}

const isOfUser = ({ role }: Message): boolean => role === 'user';
const roleOf = ({ role }: Message): string => (role === 'developer' ? 'system' : role);

function textOf({ content, refusal }: Message): string {
  const said = typeof content === 'string' ? content : (content ?? []).map((part) => part.text + part.refusal).join('');
  return [said, refusal].filter(isFilled).join('\n');
}

function imagesOf(message: Message | undefined): readonly string[] {
  const content = message?.content;
  return Array.isArray(content) ? content.map(({ image_url: url }) => url).filter((url) => url !== '') : [];
}
