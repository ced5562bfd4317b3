import { section } from '@sluice/setting-types';
import type { z } from 'zod';

/**
 * Returns the problems of a value of the setting `it`, each as `path: message`; empty if the value is accepted. Without an
 * argument, the setting is missing.
 */
export function problemsOf(type: z.ZodType, ...given: [value?: unknown]): string[] {
  const parsed = section({ it: type }).safeParse(given.length === 0 ? {} : { it: given[0] });
  return (parsed.error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}
