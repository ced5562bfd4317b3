import type { z } from 'zod';

/** Parses JSON text by a schema; undefined when it is either no JSON or of another shape. */
export function parseText<Output>(schema: z.ZodType<Output>, text: string): Output | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}
