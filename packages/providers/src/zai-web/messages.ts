import type { ChatBody, FieldPath } from '../adapter.ts';

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** The text that is signed: the user's last words. Parts of a message are joined by a space. */
export function promptOf({ messages }: ChatBody): string {
  const last = listOf(messages).findLast((message) => fieldsOf(message)['role'] === 'user');
  const { content } = fieldsOf(last);
  if (typeof content === 'string') return content;
  const texts = listOf(content).flatMap((part) => {
    const { type, text } = fieldsOf(part);
    return type === 'text' && typeof text === 'string' ? [text] : [];
  });
  return texts.join(' ').trim();
}

/** Messages as the backend takes them: it knows no role for developers, and of each message role and content alone. */
export const toWebMessages = ({ messages }: ChatBody): readonly object[] =>
  listOf(messages).map((message) => {
    const { role, content } = fieldsOf(message);
    return { role: role === 'developer' ? 'system' : role, content: content ?? '' };
  });

/** Names mean nothing to the backend, nor do tools and what came of them: it has its own, which such fields would wake. */
export const findUnsupported = ({ messages }: ChatBody): FieldPath[] =>
  listOf(messages).flatMap((message, at): FieldPath[] => {
    const { role, name, tool_calls: calls, function_call: call } = fieldsOf(message);
    if (role === 'tool' || role === 'function') return [['messages', at]];
    return [
      ...(name == null ? [] : [['messages', at, 'name']]),
      ...(listOf(calls).length > 0 ? [['messages', at, 'tool_calls']] : []),
      ...(call == null ? [] : [['messages', at, 'function_call']]),
    ];
  });

/** Where the request's pictures are. */
export function picturesOf({ messages }: ChatBody): readonly string[] {
  return listOf(messages).flatMap((message) =>
    listOf(fieldsOf(message)['content']).flatMap((part) => {
      const url = urlOf(part);
      return url === undefined ? [] : [url];
    }),
  );
}

/** The same request with other addresses for its pictures, in their order. */
export function withPictures(body: ChatBody, urls: readonly string[]): ChatBody {
  let next = 0;
  const messages = listOf(body['messages']).map((message) => {
    const { content } = fieldsOf(message);
    if (!Array.isArray(content)) return message;
    const parts = content.map((part: unknown) =>
      urlOf(part) === undefined ? part : { type: 'image_url', image_url: { url: urls[next++] } },
    );
    return { ...fieldsOf(message), content: parts };
  });
  return { ...body, messages };
}

function urlOf(part: unknown): string | undefined {
  const { type, image_url: image } = fieldsOf(part);
  const url = typeof image === 'string' ? image : fieldsOf(image)['url'];
  return type === 'image_url' && typeof url === 'string' ? url : undefined;
}
