import { fit, type JsonLimits } from '@sluice/protocol';
import { z } from 'zod';
import { isObject } from './json-object.ts';
import { parsePlainJson } from './parse-text.ts';

/*
 * Model lists are parsed while requests of other upstreams wait, and a failing provider is asked again every 30 s. The
 * limits keep each parse below 50 ms (CPU time, measured with 4 MB lists built to be slow).
 */

/** A router's list of 500 models with prices and abilities has about 30,000 elements. */
const listLimits: JsonLimits = { maxDepth: 64, maxElements: 60_000 };

/** Twice the number that is kept (protocol/src/relay/model-names.ts). */
const mostEntries = 10_000;

/** A list of models whose entries are not validated. */
export const entriesSchema = z.custom<readonly unknown[]>(Array.isArray);

/**
 * Parses the response to a request for models.
 * @returns undefined if the text is not JSON, has another shape, or has more than 60,000 values
 */
export const parseListing = <Output>(schema: z.ZodType<Output>, text: string): Output | undefined =>
  fit(schema, parsePlainJson(text, listLimits));

/** Parses the entries of a list. Invalid entries are skipped, so that they do not hide the others. */
export function readEntries<Entry>(schema: z.ZodType<Entry>, entries: readonly unknown[]): Entry[] {
  return entries.slice(0, mostEntries).flatMap((entry) => (isObject(entry) ? (fit(schema, entry) ?? []) : []));
}
