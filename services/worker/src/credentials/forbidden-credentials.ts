/** A credential of one upstream. */
export interface ForbiddenCredential {
  readonly upstreamId: string;
  readonly credentialId: string;
}

/**
 * Counts refusals with 403, which may be the fault of the credential or of the request. Each worker has its own counts:
 * they decide only on a short cooldown.
 */
export interface ForbiddenCredentials {
  /** Counts a refusal. Returns true if the credential is at fault: enough requests in a row, of several clients, met it. */
  refused(credential: ForbiddenCredential, request: { readonly requestId: string; readonly tenant: string }): boolean;
  /** Resets the count of a credential that has served a request. */
  served(credential: ForbiddenCredential): void;
}

/** Number of refused requests in a row that put the credential in cooldown; fewer may be the fault of the requests. */
const enoughRequests = 3;
const enoughTenants = 2;
/** Bounds the memory: a configuration has far fewer credentials. */
const mostCredentials = 10_000;

export function createForbiddenCredentials(): ForbiddenCredentials {
  const refusals = new Map<string, Map<string, string>>();
  const nameOf = ({ upstreamId, credentialId }: ForbiddenCredential): string => `${upstreamId}/${credentialId}`;
  return {
    refused(credential, { requestId, tenant }) {
      const name = nameOf(credential);
      const requests = refusals.get(name) ?? new Map<string, string>();
      requests.set(requestId, tenant);
      if (refusals.size >= mostCredentials) refusals.clear();
      refusals.set(name, requests);
      const tenants = new Set(requests.values());
      const isEnough = requests.size >= enoughRequests && tenants.size >= enoughTenants;
      // Refusals of one client alone may be the fault of its requests, however many there are.
      const [oldest] = requests.keys();
      if (!isEnough && oldest !== undefined && requests.size > enoughRequests) requests.delete(oldest);
      if (isEnough) refusals.delete(name);
      return isEnough;
    },
    served: (credential) => void refusals.delete(nameOf(credential)),
  };
}
