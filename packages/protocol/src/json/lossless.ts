import { unmarkJson } from './marks.ts';
import { readSpelled, withSpellings } from './read-spelled.ts';
import { findTopSpellings, isPlainJson } from './scan.ts';
import { writeSpelled } from './spelling.ts';

/**
 * Parses JSON so that {@link writeLossless} reproduces the digits of each number and the order of members. The result
 * consists of ordinary objects, arrays, strings and numbers:
 *
 * - a whole number that a double can't hold (2^53 + 1) and a number beyond the range of doubles (`1e400`) become marked
 *   strings, see `marks.ts`;
 * - a name that JavaScript would move to the front (`"1"`) becomes a marked name; {@link unmarkText} returns the
 *   original;
 * - any other number is a number; its spelling is kept and written as long as its object, or a copy made by {@link
 *   respell}, is written;
 * - of members with the same name the last value counts, at the position of the first, as with `JSON.parse`: a provider
 *   must read the same value that the gateway has checked.
 *
 * Check the depth of the text first (`inspectJson`): tens of thousands of levels overflow the stack.
 * @throws SyntaxError if the text is not JSON
 */
export function parseLossless(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (isPlainJson(text)) return value;
  const spellings =
    typeof value === 'object' && value !== null && !Array.isArray(value) ? findTopSpellings(text) : undefined;
  return spellings === undefined || typeof value !== 'object' || value === null
    ? readSpelled(text)
    : withSpellings(value, spellings);
}

/**
 * Writes as JSON a value that contains results of {@link parseLossless}, whole or in part. Use it instead of
 * `JSON.stringify` wherever a value may contain parsed parts.
 */
export const writeLossless = (value: unknown): string => unmarkJson(writeSpelled(value));
