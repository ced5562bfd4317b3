import { type ChatBody, type ChatMessage, type ContentPart, isFilled, itemsOf, membersOf } from '@sluice/protocol';
import type { FieldPath } from '../adapter.ts';
import { isEmptyAnswer } from '../support/empty-answers.ts';

/** Returns the text that is signed: the last user message. Parts of a message are joined by a space. */
export function promptOf({ messages }: ChatBody): string {
  const last = itemsOf(messages).findLast((message) => membersOf(message)['role'] === 'user');
  const { content } = membersOf(last);
  if (typeof content === 'string') return content;
  const texts = itemsOf(content).flatMap((part) => {
    const { type, text } = membersOf(part);
    return type === 'text' && typeof text === 'string' ? [text] : [];
  });
  return texts.join(' ').trim();
}

/** Converts messages: the backend has no role for developers, and reads only role and content. */
export const toWebMessages = ({ messages }: ChatBody): readonly object[] =>
  itemsOf(messages)
    .filter((message) => !isEmptyAnswer(message))
    .map((message) => {
      const { role, content, refusal } = membersOf(message);
      return { role: role === 'developer' ? 'system' : role, content: toContent(content, refusal) };
    });

/** Converts the content; a refusal becomes text of the assistant. */
function toContent(content: unknown, refusal: unknown): unknown {
  if (Array.isArray(content)) {
    const parts = content.map((part: unknown) => {
      const { type, refusal: text } = membersOf(part);
      return type === 'refusal' ? { type: 'text', text } : part;
    });
    return isFilled(refusal) ? [...parts, { type: 'text', text: refusal }] : parts;
  }
  return [content, refusal].filter(isFilled).join('\n');
}

/**
 * Returns unsupported fields: names, tool calls and their results. Such fields would activate the backend's own tools.
 */
export const findUnsupported = ({ messages }: ChatBody): FieldPath[] =>
  itemsOf(messages).flatMap((message, at): FieldPath[] => {
    const { role, name, audio, content, tool_calls: calls, function_call: call } = membersOf(message);
    if (role === 'tool' || role === 'function') return [['messages', at]];
    return [
      ...(name == null ? [] : [['messages', at, 'name']]),
      ...(itemsOf(calls).length > 0 ? [['messages', at, 'tool_calls']] : []),
      ...(call == null ? [] : [['messages', at, 'function_call']]),
      ...(audio == null ? [] : [['messages', at, 'audio']]),
      ...itemsOf(content).flatMap((part, partAt): FieldPath[] =>
        knownParts.has(membersOf(part)['type']) ? [] : [['messages', at, 'content', partAt]],
      ),
    ];
  });

/**
 * Kinds of parts that are not reported here; unsupported audio and files are reported for all providers in the same
 * place.
 */
const knownParts: ReadonlySet<unknown> = new Set(['text', 'refusal', 'image_url', 'input_audio', 'file']);

/** Returns the URLs of the request's images. */
export function imagesOf({ messages }: ChatBody): readonly string[] {
  return itemsOf(messages).flatMap((message) =>
    itemsOf(membersOf(message)['content']).flatMap((part) => {
      const url = urlOf(part);
      return url === undefined ? [] : [url];
    }),
  );
}

/** Replaces the URLs of the request's images, in order. */
export function withImages(body: ChatBody, urls: readonly string[]): ChatBody {
  let next = 0;
  const messages = (body.messages ?? []).map((message): ChatMessage => {
    if (!Array.isArray(message.content)) return message;
    const content = message.content.map((part): ContentPart => {
      const url = urlOf(part) === undefined ? undefined : urls[next++];
      return url === undefined ? part : { type: 'image_url', image_url: { url } };
    });
    return { ...message, content };
  });
  return { ...body, messages };
}

function urlOf(part: unknown): string | undefined {
  const { type, image_url: image } = membersOf(part);
  const url = typeof image === 'string' ? image : membersOf(image)['url'];
  return type === 'image_url' && typeof url === 'string' ? url : undefined;
}
