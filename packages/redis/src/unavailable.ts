/** The messages of ioredis and Redis when Redis cannot serve just now; anything else is a fault of ours. */
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
  // Redis 6 wraps the error that a script met.
  /\s-READONLY\b/,
  /\b(?:ECONNREFUSED|ECONNRESET|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)\b/,
];

/** Returns whether this error means Redis is away, full or in transition, and so worth another try later. */
export function isRedisUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (signs.some((sign) => sign.test(error.message))) return true;
  if ('lastNodeError' in error && isRedisUnavailable(error.lastNodeError)) return true;
  return error.cause !== undefined && isRedisUnavailable(error.cause);
}
