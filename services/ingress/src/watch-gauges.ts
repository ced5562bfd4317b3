import type { Config } from '@sluice/config';
import { readMemory } from '@sluice/redis';
import type { IngressMetrics } from '@sluice/telemetry';
import type { RedisLinks } from './redis-links.ts';

/** Supplies the values of gauges when metrics are read. */
export function watchGauges(
  metrics: Pick<IngressMetrics, 'watch'>,
  { limits }: Pick<Config, 'limits'>,
  { admission, submitter, roster, fleet }: Pick<RedisLinks, 'admission' | 'submitter' | 'roster' | 'fleet'>,
): void {
  metrics.watch({
    leases: async () => {
      const { running, ...waits } = await admission.occupancy();
      return { inUse: running, limit: limits.maxConcurrentRequests, ...waits };
    },
    queueJobs: async () => {
      const counts = await submitter.counts();
      return Object.entries(counts).map(([state, count]) => ({ queue: 'chat', state, count }));
    },
    workers: () => roster.members().length,
    redisMemory: () => readMemory(fleet.commands),
  });
}
