import { z } from 'zod';
import { entriesSchema, parseListing, readEntries } from '../model-entries.ts';
import { type ModelLister, pageRequest } from '../model-lister.ts';
import { webHeaders } from './request.ts';
import type { ZaiWebOptions } from './options.ts';

const listSchema = z.object({ data: entriesSchema });
const entrySchema = z.object({ id: z.string(), info: z.object({ is_active: z.boolean().nullish() }).nullish() });

/** Requests the models that the page chat.z.ai offers. */
export const createModelLister = (options: ZaiWebOptions): ModelLister => ({
  toUpstream: (plan) => pageRequest(`${plan.baseUrl}/api/models`, webHeaders(plan, options)),
  read(text) {
    const list = parseListing(listSchema, text);
    if (list === undefined) return undefined;
    const models = readEntries(entrySchema, list.data);
    return { names: models.flatMap(({ id, info }) => (info?.is_active === false ? [] : [id])) };
  },
});
