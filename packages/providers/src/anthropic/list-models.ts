import { z } from 'zod';
import { entriesSchema, parseListing, readEntries } from '../model-entries.ts';
import { type ModelLister, pageRequest } from '../model-lister.ts';
import { type AnthropicOptions, headersOf } from './request.ts';

const pageSchema = z.object({
  data: entriesSchema,
  has_more: z.boolean().nullish(),
  last_id: z.string().nullish(),
});
const entrySchema = z.object({ id: z.string() });

/** Requests Anthropic's list of models, newest first: https://docs.anthropic.com/en/api/models-list */
export const createModelLister = (options: Pick<AnthropicOptions, 'version' | 'beta'>): ModelLister => ({
  toUpstream(plan, next) {
    const after = next === undefined ? '' : `&after_id=${encodeURIComponent(next)}`;
    return pageRequest(`${plan.baseUrl}/models?limit=1000${after}`, headersOf(plan, options));
  },
  read(text) {
    const page = parseListing(pageSchema, text);
    if (page === undefined) return undefined;
    const names = readEntries(entrySchema, page.data).map(({ id }) => id);
    return { names, next: page.has_more === true ? (page.last_id ?? undefined) : undefined };
  },
});
