import { orderCredentials } from '@sluice/policy';

/** The part of a credential that the pool uses. */
interface PooledCredential {
  readonly id: string;
}

/**
 * Counts the open calls per credential of one upstream in this process. Every worker balances its own calls; together
 * they balance those of the fleet, and a worker that dies leaves no stale counts.
 */
export interface CredentialPool<Credential extends PooledCredential> {
  /**
   * Offers the ids of the suitable credentials: least loaded first, equally loaded ones in turn. Until the offer is
   * closed, its first credential counts as loaded; otherwise simultaneous requests would all get the same one.
   */
  offer(suits?: (credential: Credential) => boolean): { readonly ids: readonly string[]; readonly close: () => void };
  /** Returns whether any credential is suitable. */
  hasSome(suits: (credential: Credential) => boolean): boolean;
  /** Counts a call with this credential until `giveBack` is called. */
  take(credentialId: string): { readonly credential: Credential; readonly giveBack: () => void };
}

export function createCredentialPool<Credential extends PooledCredential>(
  credentials: readonly Credential[],
): CredentialPool<Credential> {
  const load = new Map<string, number>();
  let turn = 0;
  const loadOf = (id: string): number => load.get(id) ?? 0;
  const addLoad = (id: string, more: 1 | -1): unknown => load.set(id, loadOf(id) + more);
  return {
    offer(suits = () => true) {
      const suiting = credentials.filter(suits);
      const ids = orderCredentials(suiting, { loadOf: ({ id }) => loadOf(id), turn: turn++ }).map(({ id }) => id);
      const [first] = ids;
      if (first === undefined) return { ids, close: () => undefined };
      addLoad(first, 1);
      return { ids, close: () => void addLoad(first, -1) };
    },
    hasSome: (suits) => credentials.some(suits),
    take(credentialId) {
      const credential = credentials.find(({ id }) => id === credentialId);
      if (credential === undefined) throw new Error(`there is no credential ${credentialId} in this pool`);
      addLoad(credentialId, 1);
      return { credential, giveBack: () => addLoad(credentialId, -1) };
    },
  };
}
