import { z } from 'zod';
import { type ModelLister, pageRequest } from '../model-lister.ts';
import { parseText } from '../parse-text.ts';
import { headersOf, type OllamaOptions, rootOf } from './request.ts';

const listSchema = z.object({ models: z.array(z.looseObject({ name: z.string() })) });

/** The models that the server has on its disk: https://github.com/ollama/ollama/blob/main/docs/api.md#list-local-models */
export const createModelLister = (options: Pick<OllamaOptions, 'headers'>): ModelLister => ({
  toUpstream: (plan) => pageRequest(`${rootOf(plan)}/api/tags`, headersOf(plan, options)),
  read(text) {
    const list = parseText(listSchema, text);
    return list && { names: list.models.map(({ name }) => name) };
  },
});
