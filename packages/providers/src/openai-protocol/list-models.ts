import { z } from 'zod';
import { entriesSchema, parseListing, readEntries } from '../model-entries.ts';
import { type ModelLister, pageRequest } from '../model-lister.ts';
import { keyHeader, lowerCased, type RequestStyle } from './request.ts';

/** Some servers send the list without an envelope. */
const listSchema = z.union([entriesSchema, z.object({ data: entriesSchema }).transform(({ data }) => data)]);
const entrySchema = z.object({ id: z.string() });

/** Requests OpenAI's list of models: https://platform.openai.com/docs/api-reference/models/list */
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
    const list = parseListing(listSchema, text);
    return list && { names: readEntries(entrySchema, list).map(({ id }) => id) };
  },
});

/** Returns the path of the list, next to the path of chats: `/v2/models?a=b` for `/v2/chat/completions?a=b`. */
function pathBeside(chatPath: string): string {
  const [, before = '', query = ''] = /^(.*)\/chat\/completions(\?.*)?$/.exec(chatPath) ?? [];
  return `${before}/models${query}`;
}
