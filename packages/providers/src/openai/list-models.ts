import { z } from 'zod';
import type { ModelLister } from '../model-lister.ts';
import { pageRequest } from '../model-lister.ts';
import { parseText } from '../parse-text.ts';
import { keyHeader, lowerCased, type RequestStyle } from './request.ts';

/** Some servers give the bare list. Entries without an id are none. */
const items = z.array(z.looseObject({ id: z.string().optional().catch(undefined) }));
const listSchema = z.union([items, z.object({ data: items }).transform(({ data }) => data)]);

/** OpenAI's list of models: https://platform.openai.com/docs/api-reference/models/list */
export const createModelLister = ({
  headers,
  auth_header: keyName,
  chat_path: chatPath,
}: Pick<RequestStyle, 'headers' | 'auth_header' | 'chat_path'>): ModelLister => ({
  toUpstream: ({ baseUrl, apiKey }) =>
    pageRequest(`${baseUrl}${pathBeside(chatPath)}`, {
      ...lowerCased(headers),
      ...keyHeader(apiKey, keyName.toLowerCase()),
    }),
  read(text) {
    const list = parseText(listSchema, text);
    return list && { names: list.flatMap(({ id }) => id ?? []) };
  },
});

/** The list is where the chats are: `/v2/chat/completions?a=b` has `/v2/models?a=b` beside it. */
function pathBeside(chatPath: string): string {
  const [, before = '', query = ''] = /^(.*)\/chat\/completions(\?.*)?$/.exec(chatPath) ?? [];
  return `${before}/models${query}`;
}
