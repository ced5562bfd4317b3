import type { Config } from '@sluice/config';

/** A method of a logger. */
type Say = (facts: object, message: string) => void;

/**
 * Logs one line at start about keys without a concurrency limit of their own: their share, and how many have no limit
 * at all.
 */
export function announceKeyLimits(
  { keys, limits }: Pick<Config, 'keys' | 'limits'>,
  logger: { readonly info: Say; readonly warn: Say },
): void {
  const withoutConcurrency = keys.filter((key) => key.limits.concurrency === undefined);
  if (withoutConcurrency.length === 0) return;
  const withoutAny = withoutConcurrency.filter((key) => key.limits.rpm === undefined && key.limits.tpm === undefined);
  const facts = {
    keys: keys.length,
    without_concurrency: withoutConcurrency.length,
    without_limits: withoutAny.length,
    default_key_concurrency: limits.defaultKeyConcurrency,
  };
  const share = `each runs up to ${limits.defaultKeyConcurrency} of ${limits.maxConcurrentRequests} requests at once`;
  const ofAll = `of ${keys.length} client keys`;
  // A single key can take leases only from itself.
  if (withoutAny.length === 0 || keys.length === 1) {
    logger.info(facts, `${withoutConcurrency.length} ${ofAll} have no concurrency of their own; ${share}`);
  } else {
    logger.warn(facts, `${withoutAny.length} ${ofAll} have no limits of their own (keys[].limits); ${share}`);
  }
}
