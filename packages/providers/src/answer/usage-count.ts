import type { Usage } from '@sluice/protocol';
import { believe, mergeUsage, outgrows } from './usage.ts';

/** The usage of one answer, which a provider may report several times. */
export interface UsageCount {
  add(usage: Usage): void;
  /** Returns everything reported so far; undefined if no report was plausible. */
  total(): Usage | undefined;
}

/** Creates a count. A report that contains the one before it replaces it; checks wait until the total is asked for. */
export function createUsageCount(): UsageCount {
  /** Reports before the latest that it does not contain. */
  let before: Usage | undefined;
  let latest: Usage | undefined;

  function total(): Usage | undefined {
    const believed = believe(latest);
    return believed === undefined ? before : mergeUsage(before, believed);
  }

  return {
    add(usage) {
      if (latest !== undefined && !outgrows(usage, latest)) before = total();
      latest = usage;
    },
    total,
  };
}
