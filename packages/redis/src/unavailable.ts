/** Messages of ioredis and Redis while Redis is temporarily unavailable; every other error is a bug. */
const signs = [
  /^Connection is closed/,
  /^Command timed out/,
  /^Socket timeout/,
  /^Stream isn't writeable/,
  /^Socket closed unexpectedly/,
  /^Reached the max retries per request limit/,
  /^Cluster isn't ready/,
  /^Failed to refresh slots cache/,
  /^Too many Cluster redirections/,
  /^All sentinels are unreachable/,
  /^None of startup nodes is available/,
  /^(?:CLUSTERDOWN|LOADING|MASTERDOWN|READONLY|TRYAGAIN|BUSY|NOREPLICAS|MISCONF|UNBLOCKED|WRONGPASS|NOAUTH)\b/,
  /^OOM\b/,
  // Redis 6 wraps the error of a script.
  /\s-READONLY\b/,
  /\b(?:ECONNREFUSED|ECONNRESET|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)\b/,
];

/** Returns whether this error means that Redis is away, full or in transition, so that a later retry may succeed. */
export function isRedisUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (signs.some((sign) => sign.test(error.message))) return true;
  if ('lastNodeError' in error && isRedisUnavailable(error.lastNodeError)) return true;
  return error.cause !== undefined && isRedisUnavailable(error.cause);
}
