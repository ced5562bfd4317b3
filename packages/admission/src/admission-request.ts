import type { Config } from '@sluice/config';

/** Limits of one client key; absent = unlimited. Their list, with meanings, is `limits` in `config/src/schema/keys.ts`. */
export type KeyLimits = Config['keys'][number]['limits'];

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
