import { fit, inspectJsonText, type JsonLimits, parseLossless } from '@sluice/protocol';
import type { z } from 'zod';

/**
 * The most levels, elements and characters of a JSON text inside a request, such as the arguments of a call: those that
 * the ingress lets pass for arguments (protocol/src/openai/json-texts.ts).
 */
export const clientTextLimits = { maxDepth: 64, maxElements: 10_000, maxLength: 1_048_576 } as const;

/**
 * Limits of a provider's event or answer: 2048 embeddings of 3072 numbers are the widest, and none is deep. A text that
 * is shorter than both limits is not measured; few events of a stream are longer.
 */
const providerLimits: JsonLimits = { maxDepth: 512, maxElements: 10_000_000 };

/**
 * Parses JSON that stands inside a text of the client's request, with its digits and its order of members: to be
 * written with `writeLossless`. Never throws.
 * @returns undefined for what is no JSON, nested more than 64 levels deep, wider than 10,000 values or longer than 1 MiB
 */
export const parseClientJson = (text: string): unknown =>
  text.length > clientTextLimits.maxLength ? undefined : parseWithin(text, clientTextLimits);

/**
 * Parses a provider's JSON, with its digits and its order of members: to be written with `writeLossless`. Never throws.
 * @returns undefined for what is no JSON, or too deep or too wide to be an answer
 */
export const parseProviderJson = (text: string): unknown => parseWithin(text, providerLimits);

/** {@link parseProviderJson} without care for digits and order: half as costly. */
export const parseProviderJsonPlainly = (text: string): unknown => parseWithin(text, providerLimits, JSON.parse);

/** Returns whether a text is deeper or wider than anything that {@link parseProviderJson} takes. */
export const isOverLimits = (text: string): boolean => inspectJsonText(text, providerLimits) !== 'ok';

/**
 * Parses a provider's JSON by a schema, as {@link parseProviderJson} does; undefined when it is either no JSON or of
 * another shape.
 */
export const parseText = <Output>(schema: z.ZodType<Output>, text: string): Output | undefined =>
  fitGiven(schema, parseProviderJson(text));

/**
 * The same for answers that are nothing but numbers, as embeddings are: their digits are those of a double anyway, and
 * to look at each of them takes several times longer than to parse it.
 */
export const parseNumbers = <Output>(schema: z.ZodType<Output>, text: string): Output | undefined =>
  fitGiven(schema, parseWithin(text, providerLimits, JSON.parse));

/** {@link parseProviderJsonPlainly} with other limits. */
export const parsePlainWithin = (text: string, limits: JsonLimits): unknown => parseWithin(text, limits, JSON.parse);

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
