import { fit, type JsonLimits } from '@sluice/protocol';
import { z } from 'zod';
import { isObject } from './json-object.ts';
import { parsePlainWithin } from './parse-text.ts';

/*
 * Lists of models are read while requests of other upstreams wait, and a provider that is broken is asked again every
 * 30 s: the limits keep each reading below 50 ms (CPU time, measured with lists of 4 MB that are made to be slow).
 */

/** A list of 500 models with prices and abilities, as routers have it, has some 30,000. */
const listLimits: JsonLimits = { maxDepth: 64, maxElements: 60_000 };

/** Twice as many as are kept (protocol/src/relay/model-names.ts). */
const mostEntries = 10_000;

/** A list of models whose entries nobody has looked at yet. */
export const entriesSchema = z.custom<readonly unknown[]>(Array.isArray);

/**
 * Parses an answer to the question for models.
 * @returns undefined for what is no JSON or of another shape, and for more than 60,000 values
 */
export const parseListing = <Output>(schema: z.ZodType<Output>, text: string): Output | undefined =>
  fit(schema, parsePlainWithin(text, listLimits));

/** Reads the entries of a list. Those that are no models are left out: they hide nothing of the others. */
export function readEntries<Entry>(schema: z.ZodType<Entry>, entries: readonly unknown[]): Entry[] {
  return entries.slice(0, mostEntries).flatMap((entry) => (isObject(entry) ? (fit(schema, entry) ?? []) : []));
}
