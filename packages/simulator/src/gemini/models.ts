import type { Endpoint } from '../server/provider.ts';
import { pageQuestion } from '../server/questions.ts';

const listed: readonly (readonly [name: string, ...methods: string[]])[] = [
  ['gemini-2.5-flash', 'generateContent', 'countTokens'],
  ['gemini-2.5-pro', 'generateContent', 'countTokens'],
  ['gemini-embedding-001', 'embedContent'],
  ['imagen-4.0-generate-001', 'predict'],
];

const pageSize = 50;

/** `GET /v1beta/models`: a page of the list; the token of the next page is its offset. */
export const models: Endpoint = {
  read(_body, { query }) {
    const start = Number(query.get('pageToken') ?? 0);
    const end = start + Number(query.get('pageSize') ?? pageSize);
    const page = listed.slice(start, end).map(([name, ...methods]) => ({
      name: `models/${name}`,
      displayName: name,
      supportedGenerationMethods: methods,
    }));
    const body = JSON.stringify({
      models: page,
      ...(end < listed.length ? { nextPageToken: String(end) } : {}),
    });
    return pageQuestion('models', { body: () => body, errorBody: '{"error":{"code":500,"status":"INTERNAL"}}' });
  },
};
