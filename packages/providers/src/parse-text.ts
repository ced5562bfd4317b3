import { inspectJson, type JsonLimits } from '@sluice/protocol';
import type { z } from 'zod';

/**
 * Levels and elements of a provider's JSON. A deeper one is no answer of any protocol, and would overflow the stack of
 * whoever writes it again; a whole answer with vectors has hundreds of thousands of elements.
 */
const providerLimits: JsonLimits = { maxDepth: 64, maxElements: 10_000_000 };

/** Parses JSON text by a schema; undefined when it is too deep, no JSON at all or of another shape. */
export function parseText<Output>(schema: z.ZodType<Output>, text: string): Output | undefined {
  if (!isBounded(text, providerLimits)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}

/** May this text be parsed? The common short event is told by counting its brackets, which costs next to nothing. */
export function isBounded(text: string, limits: JsonLimits): boolean {
  const mayBeWide = text.length > limits.maxElements;
  if (!mayBeWide && hasFewOpenings(text, limits.maxDepth)) return true;
  return inspectJson(Buffer.from(text), limits) === 'ok';
}

function hasFewOpenings(text: string, most: number): boolean {
  if (text.length <= most) return true;
  let openings = 0;
  for (const bracket of ['{', '[']) {
    for (let at = text.indexOf(bracket); at !== -1; at = text.indexOf(bracket, at + 1)) {
      if (++openings > most) return false;
    }
  }
  return true;
}
