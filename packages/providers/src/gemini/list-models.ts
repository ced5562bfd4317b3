import { z } from 'zod';
import { entriesSchema, parseListing, readEntries } from '../model-entries.ts';
import { type ModelLister, pageRequest } from '../model-lister.ts';
import { keyHeader } from './request.ts';

const pageSchema = z.object({
  models: entriesSchema.nullish(),
  nextPageToken: z.string().nullish(),
});
const entrySchema = z.object({ name: z.string(), supportedGenerationMethods: z.array(z.string()).nullish() });

/** Methods that the gateway supports; models with other methods create images or videos. */
const methods: ReadonlySet<string> = new Set(['generateContent', 'embedContent', 'batchEmbedContents']);

/** Requests Gemini's list of models: https://ai.google.dev/api/models#method:-models.list */
export const models: ModelLister = {
  toUpstream(plan, next) {
    const after = next === undefined ? '' : `&pageToken=${encodeURIComponent(next)}`;
    return pageRequest(`${plan.baseUrl}/models?pageSize=1000${after}`, keyHeader(plan));
  },
  read(text) {
    const page = parseListing(pageSchema, text);
    if (page === undefined) return undefined;
    const usable = readEntries(entrySchema, page.models ?? []).filter(
      ({ supportedGenerationMethods: known }) => known == null || known.some((method) => methods.has(method)),
    );
    return {
      names: usable.map(({ name }) => name.replace(/^models\//, '')),
      next: page.nextPageToken === '' ? undefined : (page.nextPageToken ?? undefined),
    };
  },
};
