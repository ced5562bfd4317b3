import { fit, inspectJsonText, type JsonLimits, parseLossless } from '@sluice/protocol';
import type { z } from 'zod';

/**
 * Maximum levels, elements and characters of a JSON text inside a request, such as the arguments of a tool call; equal
 * to the limits in the ingress (protocol/src/openai/json-texts.ts).
 */
export const clientTextLimits = { maxDepth: 64, maxElements: 10_000, maxLength: 1_048_576 } as const;

/**
 * Limits of a provider's event or answer: 2048 embeddings of 3072 numbers are the widest, and no answer is deep. A text
 * shorter than both limits is not measured; few events of a stream are longer.
 */
const providerLimits: JsonLimits = { maxDepth: 512, maxElements: 10_000_000 };

/**
 * Parses JSON inside a text of the client's request and keeps digits and order of members; write the result with
 * `writeLossless`. Never throws.
 * @returns undefined if the text is not JSON, nested more than 64 levels deep, wider than 10,000 values, or longer than
 * 1 MiB
 */
export const parseClientJson = (text: string): unknown =>
  text.length > clientTextLimits.maxLength ? undefined : parseWithin(text, clientTextLimits);

/**
 * Parses a provider's JSON and keeps digits and order of members; write the result with `writeLossless`. Never throws.
 * @returns undefined if the text is not JSON, or is too deep or too wide to be an answer
 */
export const parseProviderJson = (text: string): unknown => parseWithin(text, providerLimits);

/**
 * Does the same as {@link parseProviderJson} without keeping digits and order: costs half as much.
 *
 * @param limits default: those of a provider's event or answer
 */
export const parsePlainJson = (text: string, limits = providerLimits): unknown => parseWithin(text, limits, JSON.parse);

/** Returns whether a text is deeper or wider than {@link parseProviderJson} accepts. */
export const isOverLimits = (text: string): boolean => inspectJsonText(text, providerLimits) !== 'ok';

/**
 * Parses a provider's JSON with a schema, as {@link parseProviderJson} does. Returns undefined if the text is not JSON
 * or has another shape.
 */
export const parseText = <Output>(schema: z.ZodType<Output>, text: string): Output | undefined =>
  fitGiven(schema, parseProviderJson(text));

/**
 * Does the same for answers that consist of numbers, such as embeddings: their digits fit a double anyway, and a check
 * of each number takes several times as long as parsing it.
 */
export const parseNumbers = <Output>(schema: z.ZodType<Output>, text: string): Output | undefined =>
  fitGiven(schema, parsePlainJson(text));

const fitGiven = <Output>(schema: z.ZodType<Output>, value: unknown): Output | undefined =>
  value === undefined ? undefined : fit(schema, value);

function parseWithin(text: string, limits: JsonLimits, parse: (text: string) => unknown = parseLossless): unknown {
  if (inspectJsonText(text, limits) !== 'ok') return undefined;
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}
