import { fit } from '@sluice/protocol';
import type { z } from 'zod';
import { isOverLimits } from './parse-text.ts';

/**
 * Parses a provider's JSON of which texts and counts are passed on, and no JSON as such: what `parseText` does to keep
 * the digits and the order of members would be for nothing, and costs as much as the parsing itself. Strings are as they
 * came; those of `parseText` go through `unmarkText` first.
 */
export function parsePlainText<Output>(schema: z.ZodType<Output>, text: string): Output | undefined {
  if (isOverLimits(text)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return fit(schema, value);
}
