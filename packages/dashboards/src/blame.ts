import { type ErrorCode, errorTable } from '@sluice/protocol';

/** Parties that can do something about an error. */
export type Culprit = 'client' | 'key limits' | 'provider' | 'fleet' | 'sluice';

/** Party by type of the error table, for all codes without an exception. */
const byType = {
  invalid_request_error: 'client',
  authentication_error: 'client',
  permission_error: 'client',
  rate_limit_error: 'key limits',
  insufficient_quota: 'key limits',
  overloaded_error: 'fleet',
  upstream_error: 'provider',
  timeout_error: 'provider',
  internal_error: 'sluice',
} as const satisfies Record<(typeof errorTable)[ErrorCode]['type'], Culprit>;

const exceptions: Partial<Record<ErrorCode, Culprit>> = {
  // Every credential is in cooldown: a limit of the provider, not of the client's key.
  upstream_rate_limited: 'provider',
  // A 502 that no provider has caused.
  worker_lost: 'fleet',
  relay_gap: 'fleet',
  client_too_slow: 'client',
};

/** Returns who is to blame for an error. */
export const culpritOf = (code: ErrorCode): Culprit => exceptions[code] ?? byType[errorTable[code].type];

/** Returns the codes of some parties, as alternatives of a regular expression. */
export function codesOf(...culprits: readonly Culprit[]): string {
  const codes = (Object.keys(errorTable) as ErrorCode[]).filter((code) => culprits.includes(culpritOf(code)));
  return codes.join('|');
}

/** The errors that count against the objective: all except those of clients and limits of their keys. */
export const badCodes = codesOf('provider', 'fleet', 'sluice');
