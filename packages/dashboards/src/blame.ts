import { type ErrorCode, errorTable } from '@sluice/protocol';

/** Parties that can do something about an error. */
export type Culprit = 'client' | 'key limits' | 'provider' | 'fleet' | 'sluice';

/** By type of the error table, but for those codes whose type says something else. */
const byType = {
  invalid_request_error: 'client',
  authentication_error: 'client',
  permission_error: 'client',
  rate_limit_error: 'key limits',
  overloaded_error: 'fleet',
  upstream_error: 'provider',
  timeout_error: 'provider',
  internal_error: 'sluice',
} as const satisfies Record<(typeof errorTable)[ErrorCode]['type'], Culprit>;

const exceptions: Partial<Record<ErrorCode, Culprit>> = {
  // Every credential is in cooldown: the provider's limit, not one of ours.
  upstream_rate_limited: 'provider',
  // 502 like the others, and no provider has to do with it.
  worker_lost: 'fleet',
  relay_gap: 'fleet',
  client_too_slow: 'client',
};

/** Returns who is to blame for an error. */
export const culpritOf = (code: ErrorCode): Culprit => exceptions[code] ?? byType[errorTable[code].type];

/** Codes that some are to blame for, as an alternative of a regular expression. */
export function codesOf(...culprits: readonly Culprit[]): string {
  const codes = (Object.keys(errorTable) as ErrorCode[]).filter((code) => culprits.includes(culpritOf(code)));
  return codes.join('|');
}

/** The errors that count against the objective: whatever is no fault of a client and not a limit of its key. */
export const badCodes = codesOf('provider', 'fleet', 'sluice');
