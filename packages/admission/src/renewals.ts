import { leasedTeam } from './accounting-arguments.ts';
import type { AdmissionRequest } from './admission-request.ts';
import type { AdmissionScripts } from './scripts.ts';

/** The accepted requests of this ingress: each is vouched for until it is removed. */
export interface Renewals {
  add(request: HeldRequest): void;
  /** Returns whether the request was held. */
  remove(requestId: string): boolean;
  /** Ends the wait of a request, if it is held. */
  end(requestId: string, turn: Turn): void;
  close(): void;
}

/** Result of a wait: the request may run, or was displaced from the waiting room. */
export type Turn = 'run' | 'displaced';

export interface HeldRequest extends AdmissionRequest {
  readonly end: (turn: Turn) => void;
}

export interface RenewalsNeeds {
  readonly scripts: Pick<AdmissionScripts, 'renew'>;
  readonly leaseMs: number;
  readonly onError: (error: unknown) => void;
  /**
   * Called when a request has lost its lease and continues without one: the lease expired, and others hold all leases.
   */
  readonly onLeaseLost: (requestId: string) => void;
  readonly random: () => number;
}

const renewBatch = 50;

export function createRenewals({ scripts, leaseMs, onError, onLeaseLost, random }: RenewalsNeeds): Renewals {
  const held = new Map<string, HeldRequest>();
  let isClosed = false;
  let timer = setTimeout(renewAll, delayMs());

  /** Renews at a third of the lease, so that two renewals may fail; jitter keeps replicas out of step. */
  function delayMs(): number {
    return (leaseMs / 3) * (0.9 + 0.2 * random());
  }

  function renewAll(): void {
    void Promise.all(batchesByKey(held.values()).map(renew))
      .catch(onError)
      .finally(() => {
        if (!isClosed) timer = setTimeout(renewAll, delayMs());
      });
  }

  async function renew(batch: readonly HeldRequest[]): Promise<void> {
    const states = await scripts.renew(batch);
    batch.forEach((request, at) => {
      if (!held.has(request.requestId)) return;
      // The renewal makes up for a wake-up lost with its mailbox.
      if (states[at] === 'running') request.end('run');
      if (states[at] === 'displaced') request.end('displaced');
      if (states[at] === 'lost') onLeaseLost(request.requestId);
    });
  }

  return {
    add: (request) => void held.set(request.requestId, request),
    remove: (requestId) => held.delete(requestId),
    end: (requestId, turn) => held.get(requestId)?.end(turn),
    close() {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}

/** A script renews requests of one client key and team; a key can change its team. */
function batchesByKey(requests: Iterable<HeldRequest>): HeldRequest[][] {
  const batches: HeldRequest[][] = [];
  const byKey = Map.groupBy(requests, ({ keyId, accounting }) => `${keyId} ${leasedTeam(accounting)}`);
  for (const ofKey of byKey.values()) {
    for (let at = 0; at < ofKey.length; at += renewBatch) batches.push(ofKey.slice(at, at + renewBatch));
  }
  return batches;
}
