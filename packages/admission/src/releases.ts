import { createTurnBatches, isRedisUnavailable } from '@sluice/redis';
import type { AdmissionRequest } from './admission-request.ts';
import type { AdmissionScripts, Correction, EndedRequest, WaitFact } from './scripts.ts';

/** Gives leases and reservations back, in the background: those of one turn of the event loop in one call. */
export interface Releases {
  begin(request: AdmissionRequest, correction: Correction & WaitFact): void;
  /** Sends what this turn has given back, for a command that needs it. */
  flush(): void;
  /**
   * Sends the settlements of the last 30 s again, after a lost connection: a fail-over may have lost them. Those that it
   * has not lost change nothing.
   */
  repeatSettled(): void;
  /** Ends the retries after the pending releases have finished or `timeoutMs` has passed. */
  close(timeoutMs: number): Promise<void>;
}

export interface ReleasesNeeds {
  readonly scripts: Pick<AdmissionScripts, 'release'>;
  /**
   * While Redis is away, a release is retried for this time: then the lease has expired. One with `accounting` is retried
   * for an hour, because it settles a ledger entry or a reservation.
   */
  readonly leaseMs: number;
  readonly onError: (error: unknown) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

const retryMs = 500;
/** The settlements among them are as many as the requests that were open when Redis went away: then none is admitted. */
const accountedForMs = 3_600_000;
/**
 * Requests whose admission failed are released too, because Redis may have accepted them. Each request of an outage is one of
 * them, so beyond this number they are retried no longer than those without `accounting`.
 */
const mostUnsettled = 1000;

/** Settlements are kept for this time … */
const keptMs = 30_000;
/** … and up to this many characters of their entries. */
const keptLength = 16 * 1024 * 1024;

export function createReleases({ scripts, leaseMs, onError, now }: ReleasesNeeds): Releases {
  const batches = createTurnBatches({
    send: (_isAccounted: boolean, ended: readonly EndedRequest[]) => scripts.release(ended),
    isRepeatable: true,
  });
  const pending = new Set<Promise<void>>();
  /** Oldest first. */
  const kept = new Set<Kept>();
  let keptSum = 0;
  let isClosed = false;

  function keep(ended: EndedRequest): void {
    const { settled } = ended.correction;
    if (settled === undefined) return;
    const length = settled.entry?.length ?? 0;
    kept.add({ ended, length, at: now() });
    keptSum += length;
    for (const oldest of kept) {
      if (oldest.at >= now() - keptMs && keptSum <= keptLength) break;
      kept.delete(oldest);
      keptSum -= oldest.length;
    }
  }

  async function release(ended: EndedRequest): Promise<void> {
    const isAccounted = ended.request.accounting !== undefined;
    const isKept = isAccounted && (ended.correction.settled !== undefined || pending.size < mostUnsettled);
    const mostTries = Math.ceil((isKept ? accountedForMs : leaseMs) / retryMs);
    for (let tries = 0; tries < mostTries && !isClosed; tries++) {
      try {
        await batches.add(isAccounted, ended);
        keep(ended);
        return;
      } catch (error) {
        onError(error);
        if (!isRedisUnavailable(error)) return;
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
  }

  function begin(ended: EndedRequest): void {
    const done: Promise<void> = release(ended).finally(() => pending.delete(done));
    pending.add(done);
  }

  return {
    begin: (request, correction) => begin({ request, correction }),
    flush: batches.flush,
    repeatSettled() {
      const due = [...kept];
      kept.clear();
      keptSum = 0;
      for (const { ended } of due) begin(ended);
    },
    async close(timeoutMs) {
      const { promise: tooLate, resolve } = Promise.withResolvers<void>();
      const limit = setTimeout(resolve, timeoutMs);
      await Promise.race([Promise.all(pending), tooLate]);
      clearTimeout(limit);
      isClosed = true;
    },
  };
}

interface Kept {
  readonly ended: EndedRequest;
  /** Characters of its entry. */
  readonly length: number;
  readonly at: number;
}
