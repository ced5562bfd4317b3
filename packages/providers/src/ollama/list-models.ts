import { z } from 'zod';
import { entriesSchema, parseListing, readEntries } from '../model-entries.ts';
import { type ModelLister, pageRequest } from '../model-lister.ts';
import { headersOf, type OllamaOptions, rootOf } from './request.ts';

const listSchema = z.object({ models: entriesSchema });
const entrySchema = z.object({ name: z.string() });

/**
 * Requests the models on the server's disk: https://github.com/ollama/ollama/blob/main/docs/api.md#list-local-models
 */
export const createModelLister = (options: Pick<OllamaOptions, 'headers'>): ModelLister => ({
  toUpstream: (plan) => pageRequest(`${rootOf(plan)}/api/tags`, headersOf(plan, options)),
  read(text) {
    const list = parseListing(listSchema, text);
    return list && { names: readEntries(entrySchema, list.models).map(({ name }) => name) };
  },
});
