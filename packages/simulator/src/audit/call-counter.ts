import type { CallCounts, CallStats } from './call-record.ts';

/** Counts calls: all, and those of each credential and status. */
export interface CallCounter {
  begun(credential: string): void;
  answered(status: number): void;
  ended(credential: string, isAborted: boolean): void;
  stats(): CallStats;
  /** Counts anew. These calls, by their credentials, are still open. */
  reset(open: Iterable<string>): void;
}

type Counts = { -readonly [Key in keyof CallCounts]: CallCounts[Key] };

const none = (): Counts => ({ total: 0, open: 0, peakOpen: 0 });

export function createCallCounter(): CallCounter {
  let all = none();
  let aborted = 0;
  let byStatus = new Map<number, number>();
  let byCredential = new Map<string, Counts>();

  function countsOf(credential: string): Counts {
    let counts = byCredential.get(credential);
    if (counts === undefined) {
      counts = none();
      byCredential.set(credential, counts);
    }
    return counts;
  }

  return {
    begun(credential) {
      for (const counts of [all, countsOf(credential)]) {
        counts.total += 1;
        open(counts);
      }
    },
    answered: (status) => void byStatus.set(status, (byStatus.get(status) ?? 0) + 1),
    ended(credential, isAborted) {
      if (isAborted) aborted += 1;
      for (const counts of [all, countsOf(credential)]) counts.open -= 1;
    },
    stats: () => ({
      ...all,
      aborted,
      byStatus: Object.fromEntries(byStatus),
      byCredential: Object.fromEntries([...byCredential].map(([credential, counts]) => [credential, { ...counts }])),
    }),
    reset(stillOpen) {
      all = none();
      aborted = 0;
      byStatus = new Map();
      byCredential = new Map();
      for (const credential of stillOpen) for (const counts of [all, countsOf(credential)]) open(counts);
    },
  };
}

function open(counts: Counts): void {
  counts.open += 1;
  counts.peakOpen = Math.max(counts.peakOpen, counts.open);
}
