import { inspectJson, type JsonLimits, parseLossless } from '@sluice/protocol';
import type { z } from 'zod';

/**
 * Levels and elements of a provider's JSON. A deeper one is no answer of any protocol, and would overflow the stack of
 * whoever writes it again; a whole answer with vectors has hundreds of thousands of elements.
 */
const providerLimits: JsonLimits = { maxDepth: 64, maxElements: 10_000_000 };

const clientLimits: JsonLimits = { maxDepth: 64, maxElements: 10_000 };
const maxClientLength = 1_048_576;

/** Parses JSON text by a schema; undefined when it is too deep, no JSON at all or of another shape. */
export function parseText<Output>(schema: z.ZodType<Output>, text: string): Output | undefined {
  const value = isBounded(text, providerLimits) ? parse(text) : undefined;
  const parsed = value === undefined ? undefined : schema.safeParse(value);
  return parsed?.success === true ? parsed.data : undefined;
}

/** Parses JSON that stands in a text of the client's request; undefined for what is none, or too large to be parsed. */
export const parseClientJson = (text: string): unknown =>
  text.length <= maxClientLength && isBounded(text, clientLimits) ? parse(text) : undefined;

function parse(text: string): unknown {
  try {
    return parseLossless(text);
  } catch {
    return undefined;
  }
}

/** May this text be parsed? The common short event is told by counting its brackets, which costs next to nothing. */
function isBounded(text: string, limits: JsonLimits): boolean {
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
