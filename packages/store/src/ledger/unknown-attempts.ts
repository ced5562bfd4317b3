import { attemptId } from '@sluice/records';
import type { AttemptRow } from '../tables.ts';
import type { Merge } from './merge-rows.ts';

/** Returns whether a row is the estimate of a lost run of which no attempt was known: its number is 0. */
export const isUnknown = ({ number, outcome }: AttemptRow): boolean => number === 0 && outcome === 'lost';

/** Returns the id that the estimate of the row's run has, if nothing was known about its attempts. */
export const unknownIdOf = ({ request_id: requestId, epoch }: AttemptRow): string =>
  attemptId({ requestId, epoch, number: 0 });

/**
 * Leaves out the estimate of a lost run whose worker has told more about it, whichever came first. An attempt that failed
 * tells nothing about the one after it, during which the worker may have died.
 */
export function withoutUnknown(
  { added, replaced }: Merge<AttemptRow>,
  existing: readonly AttemptRow[],
): Merge<AttemptRow> {
  const known = new Set([...added, ...existing].filter(tellsRun).map(unknownIdOf));
  const isSuperseded = (row: AttemptRow): boolean => isUnknown(row) && known.has(row.id);
  return {
    added: added.filter((row) => !isSuperseded(row)),
    replaced: [...new Set([...replaced, ...existing.filter(isSuperseded)])],
  };
}

const tellsRun = (row: AttemptRow): boolean => !isUnknown(row) && row.outcome !== 'failed';
