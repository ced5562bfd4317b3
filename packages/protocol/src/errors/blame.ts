import { type ErrorCode, errorTable, type ErrorType } from './codes.ts';

/**
 * Causes of errors. `client`: the request, or the limits of its key. `upstream`: the provider. `gateway`: Sluice itself.
 * `operator`: settings, capacity, or a service that the operator runs.
 */
export const blames = ['client', 'upstream', 'gateway', 'operator'] as const;
export type Blame = (typeof blames)[number];

/** Cause of the errors of a type, unless the code has its own. */
const byType: Readonly<Record<ErrorType, Blame>> = {
  invalid_request_error: 'client',
  authentication_error: 'client',
  permission_error: 'client',
  rate_limit_error: 'client',
  insufficient_quota: 'client',
  overloaded_error: 'operator',
  upstream_error: 'upstream',
  timeout_error: 'upstream',
  internal_error: 'gateway',
};

const exceptions: Readonly<Partial<Record<ErrorCode, Blame>>> = {
  upstream_rate_limited: 'upstream',
  // The client did not read its answer.
  client_too_slow: 'client',
  // The provider refuses the credentials that the operator has configured.
  upstream_authentication: 'operator',
  draining: 'gateway',
  worker_lost: 'gateway',
  relay_gap: 'gateway',
};

/** Returns who caused an error. */
export const blameOf = (code: ErrorCode): Blame => exceptions[code] ?? byType[errorTable[code].type];
