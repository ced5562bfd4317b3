import { createTurnBatches, isRedisUnavailable } from '@sluice/redis';
import type { AdmissionRequest } from './admission-request.ts';
import type { AdmissionScripts, Correction, EndedRequest, WaitFact } from './scripts.ts';

/** Gives leases and reservations back, in the background: those of one turn of the event loop in one call. */
export interface Releases {
  begin(request: AdmissionRequest, correction: Correction & WaitFact): void;
  /** Sends what this turn has given back, for a command that needs it. */
  flush(): void;
  /** Ends the retries after the pending releases have finished or `timeoutMs` has passed. */
  close(timeoutMs: number): Promise<void>;
}

export interface ReleasesNeeds {
  readonly scripts: Pick<AdmissionScripts, 'release'>;
  /**
   * While Redis is away, a release is retried for this time: then the lease has expired. One with a ledger entry or a
   * reservation is retried for an hour.
   */
  readonly leaseMs: number;
  readonly onError: (error: unknown) => void;
}

const retryMs = 500;
/** Bounded by the requests that were open when Redis went away: without Redis, none is admitted. */
const settledForMs = 3_600_000;

export function createReleases({ scripts, leaseMs, onError }: ReleasesNeeds): Releases {
  const batches = createTurnBatches({
    send: (_isAccounted: boolean, ended: readonly EndedRequest[]) => scripts.release(ended),
    isRepeatable: true,
  });
  const pending = new Set<Promise<void>>();
  let isClosed = false;

  async function release(ended: EndedRequest): Promise<void> {
    const isAccounted = ended.request.accounting !== undefined;
    const mostTries = Math.ceil((isAccounted ? settledForMs : leaseMs) / retryMs);
    for (let tries = 0; tries < mostTries && !isClosed; tries++) {
      try {
        await batches.add(isAccounted, ended);
        return;
      } catch (error) {
        onError(error);
        if (!isRedisUnavailable(error)) return;
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
  }

  return {
    begin(request, correction) {
      const done: Promise<void> = release({ request, correction }).finally(() => pending.delete(done));
      pending.add(done);
    },
    flush: batches.flush,
    async close(timeoutMs) {
      const { promise: tooLate, resolve } = Promise.withResolvers<void>();
      const limit = setTimeout(resolve, timeoutMs);
      await Promise.race([Promise.all(pending), tooLate]);
      clearTimeout(limit);
      isClosed = true;
    },
  };
}
