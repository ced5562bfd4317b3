import { fit } from '@sluice/protocol';
import type { z } from 'zod';
import { isOverLimits } from './parse-text.ts';

/**
 * Parses a provider's JSON whose texts and counts are passed on, but no JSON as such. It skips the work with which
 * `parseText` keeps digits and the order of members, which costs as much as the parsing itself. Strings are unmarked;
 * strings from `parseText` need `unmarkText`.
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
