import type { LostSettler } from '@sluice/admission';
import type { RedisConnection } from '@sluice/redis';
import type { Logger } from '@sluice/telemetry';

export interface LostNeeds {
  readonly settler: LostSettler;
  readonly connection: Pick<RedisConnection, 'on' | 'off'>;
  readonly isRedisUp: () => boolean;
  /** Every ingress renews its leases within this time. */
  readonly leaseMs: number;
  readonly logger: Pick<Logger, 'warn'>;
  readonly onError: (error: unknown) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

const everyMs = 1000;

/**
 * Settles the requests of killed ingresses every second. Returns the function that ends it.
 *
 * Waits for a lease when Redis is reached again: after a longer absence the leases of all running requests have expired, and
 * those of living ingresses must be renewed before anything counts as lost. Else budgets would lose their reservations.
 */
export function startSettlingLost(needs: LostNeeds): () => void {
  const { settler, connection, isRedisUp, leaseMs, logger, onError, now } = needs;
  let notBefore = -Infinity;
  const redisReturned = (): void => void (notBefore = now() + leaseMs);

  async function settle(): Promise<void> {
    if (!isRedisUp() || now() < notBefore) return;
    const requests = await settler.settleAll();
    if (requests > 0) logger.warn({ requests }, 'requests of ingresses that are gone are settled');
  }

  connection.on('ready', redisReturned);
  const timer = setInterval(() => void settle().catch(onError), everyMs);
  return () => {
    clearInterval(timer);
    connection.off('ready', redisReturned);
  };
}
