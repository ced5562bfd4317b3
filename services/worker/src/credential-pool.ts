import { orderCredentials } from '@sluice/policy';

/** What the pool needs to know of a credential. */
interface PooledCredential {
  readonly id: string;
}

/**
 * How many calls each credential of one upstream carries in this process. Every worker balances its own calls; together
 * they balance the fleet's, with nothing to leak when one of them dies.
 */
export interface CredentialPool<Credential extends PooledCredential> {
  /** Ids in the order in which to offer them: least loaded first, equals in turn. */
  preference(): string[];
  /** Counts a call on it until the returned function is called. */
  take(credentialId: string): { readonly credential: Credential; readonly giveBack: () => void };
}

export function createCredentialPool<Credential extends PooledCredential>(
  credentials: readonly Credential[],
): CredentialPool<Credential> {
  const load = new Map<string, number>();
  let turn = 0;
  const loadOf = (id: string): number => load.get(id) ?? 0;
  return {
    preference: () =>
      orderCredentials(credentials, { loadOf: ({ id }) => loadOf(id), turn: turn++ }).map(({ id }) => id),
    take(credentialId) {
      const credential = credentials.find(({ id }) => id === credentialId);
      if (credential === undefined) throw new Error(`there is no credential ${credentialId} in this pool`);
      load.set(credentialId, loadOf(credentialId) + 1);
      return { credential, giveBack: () => load.set(credentialId, loadOf(credentialId) - 1) };
    },
  };
}
