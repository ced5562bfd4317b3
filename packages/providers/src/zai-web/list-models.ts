import { z } from 'zod';
import { type ModelLister, pageRequest } from '../model-lister.ts';
import { parseText } from '../parse-text.ts';
import { webHeaders } from './request.ts';
import type { ZaiWebOptions } from './settings.ts';

const listSchema = z.object({
  data: z.array(z.looseObject({ id: z.string(), info: z.looseObject({ is_active: z.boolean().nullish() }).nullish() })),
});

/** The models that the page chat.z.ai offers. */
export const createModelLister = (options: ZaiWebOptions): ModelLister => ({
  toUpstream: (plan) => pageRequest(`${plan.baseUrl}/api/models`, webHeaders(plan, options)),
  read(text) {
    const list = parseText(listSchema, text);
    return list && { names: list.data.flatMap(({ id, info }) => (info?.is_active === false ? [] : [id])) };
  },
});
