import type { Config } from '@sluice/config';
import type { Budgets } from '@sluice/records';

/**
 * Limits of one client key or team; absent = unlimited. Their list, with meanings, is `limits` in
 * `config/src/schema/keys.ts`.
 */
export type KeyLimits = { readonly [Limit in keyof Config['keys'][number]['limits']]?: number | undefined };

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
  /** Absent for a request without a team, a budget and a ledger entry: it costs Redis the least. */
  readonly accounting?: Accounting | undefined;
}

/** The part of a request in a team, in budgets and in the ledger. */
export interface Accounting {
  /** JSON of an `OpenEntry` without `acceptedAt`; the script adds that. `{"id":…}` if nothing is recorded. */
  readonly openEntry: string;
  /** Estimated tokens of the prompt, for the entry of a lost request. */
  readonly promptTokens: number;
  /** Budgets of the client key. */
  readonly budgets?: Budgets | undefined;
  readonly team?: TeamLimits | undefined;
  /** Reserved in every budget; the release corrects it. Absent: nothing. */
  readonly money?: MoneyReservation | undefined;
}

export interface TeamLimits {
  readonly id: string;
  readonly limits: KeyLimits;
  readonly budgets: Budgets;
}

export interface MoneyReservation {
  /** Highest cost of the request, in micro-dollars. */
  readonly micros: number;
  /** False if nothing bounds the answer, so that the cost can be higher. */
  readonly isBounded: boolean;
  /** Charge if the ingress dies before it tells the cost, in micro-dollars. */
  readonly microsIfLost: number;
}

export type RefusalReason = 'concurrency' | 'requests' | 'tokens' | 'overloaded' | 'budget';
