import type { RawAnswer, RawCall } from '../server/provider.ts';
import { failureOf } from './errors.ts';

const listed = ['claude-opus-4-5', 'claude-sonnet-4-5', 'claude-haiku-4-5'];

/**
 * Answers `GET /v1/models`. OpenAI uses the same path; a header that every call to Anthropic has distinguishes them.
 */
export function modelsOf({ method, path, query, headers, credential }: RawCall): RawAnswer | undefined {
  if (method !== 'GET' || path !== '/v1/models' || headers['anthropic-version'] === undefined) return undefined;
  if (credential === '') return failureOf({ name: 'noCredential' }, { method, path, model: '', credential });
  const after = listed.indexOf(query.get('after_id') ?? '');
  const rest = listed.slice(after + 1);
  const page = rest.slice(0, Number(query.get('limit') ?? 20));
  const data = page.map((id) => ({
    type: 'model',
    id,
    display_name: id,
    created_at: '2025-11-24T00:00:00Z',
  }));
  return {
    status: 200,
    body: JSON.stringify({
      data,
      first_id: page[0] ?? null,
      last_id: page.at(-1) ?? null,
      has_more: page.length < rest.length,
    }),
  };
}
