/** Limits of one client key; absent = unlimited. */
export interface KeyLimits {
  /** Maximum of running and waiting requests. */
  readonly concurrency?: number | undefined;
  /** Requests per minute. */
  readonly rpm?: number | undefined;
  /** Requests that may arrive at once; default: one minute's limit. */
  readonly rpmBurst?: number | undefined;
  /** Tokens per minute, prompt and answer together. */
  readonly tpm?: number | undefined;
  /** Tokens that may be reserved at once; default: one minute's limit. */
  readonly tpmBurst?: number | undefined;
}

/** Limits over all replicas. */
export interface FleetLimits {
  /** Maximum of running requests. */
  readonly maxConcurrentRequests: number;
  /** Maximum of waiting requests, in addition. */
  readonly queueSize: number;
  /**
   * Maximum of running requests of one key without its own limit; its further requests wait while other keys' leases
   * stay free. Absent: `maxConcurrentRequests`.
   */
  readonly defaultKeyConcurrency?: number | undefined;
  /** Length of a lease, in ms. After a crash, a lease stays occupied for this long. */
  readonly leaseMs: number;
}

export interface AdmissionRequest {
  readonly requestId: string;
  readonly keyId: string;
  readonly limits: KeyLimits;
  /** Tokens to reserve; the release corrects them. */
  readonly tokens: number;
  /** Relative share of the key among waiting keys; above 0, default 1. */
  readonly weight?: number | undefined;
}

export type RefusalReason = 'concurrency' | 'requests' | 'tokens' | 'overloaded';
