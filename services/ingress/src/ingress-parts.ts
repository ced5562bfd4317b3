import type { IngressConfig } from '@sluice/config';
import { type Presence, watchPresence } from '@sluice/redis';
import { createTroubleLog, type IngressMetrics, type Logger } from '@sluice/telemetry';
import { createIngressPricing, type IngressPricing } from './ingress-pricing.ts';
import { createKeyService, type KeyService } from './keys/key-service.ts';
import type { ShowAdminKey } from './keys/show-admin-key.ts';
import type { MemoryGuard } from './memory-guard.ts';
import { createIngressRecorder, type IngressRecorder } from './recorder/ingress-recorder.ts';
import { openRecords, type Records } from './records/records.ts';
import type { RecordsStore } from './records/records-store.ts';
import { createRedisLinks, type RedisLinks } from './redis-links.ts';
import { createTotals, type Totals } from './totals.ts';
import { watchGauges } from './watch-gauges.ts';
import { watchMemory } from './watch-memory.ts';

export interface IngressNeeds {
  readonly config: IngressConfig;
  readonly ingressId: string;
  readonly version: string;
  /** Date of the build, as in `2026-11-30`. */
  readonly buildDate: string;
  readonly logger: Logger;
  readonly metrics: IngressMetrics;
  readonly showAdminKey: ShowAdminKey;
}

/** The parts of an ingress between its routes and Redis or the database. */
export interface IngressParts {
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
  readonly costBounds: IngressPricing['costBounds'];
  readonly links: RedisLinks;
  readonly records: Records;
  readonly keyService: KeyService;
  readonly recorder: IngressRecorder;
  readonly totals: Totals;
  readonly memory: MemoryGuard;
  readonly redis: Presence;
}

/** Creates the parts, and connects them with each other. Redis and the database may be away. */
export function connectParts(needs: IngressNeeds): IngressParts {
  const { config, ingressId, version, logger, metrics } = needs;
  const now = (): number => performance.now();
  const onError = createTroubleLog(logger, 'redis trouble', now);
  const { pricing, costBounds } = createIngressPricing(config, logger);
  const links = createRedisLinks({ config, ingressId, version, logger, metrics, pricing, onError, now });
  const { writes, commands } = links.fleet;
  const records = openRecords({ config, connection: writes, keys: links.keys, logger, metrics, onError, now });
  watchGauges(metrics, config, links);
  return {
    now,
    onError,
    costBounds,
    links,
    records,
    keyService: openKeys(needs, { links, store: records.store, onError, now }),
    recorder: createIngressRecorder({ config, logger, metrics, now }),
    totals: createTotals(),
    memory: watchMemory({ limitBytes: config.server.memoryLimitBytes, logger, now }),
    redis: watchPresence(commands, now),
  };
}

interface KeyParts {
  readonly links: RedisLinks;
  readonly store: RecordsStore;
  readonly onError: (error: unknown) => void;
  readonly now: () => number;
}

const openKeys = (
  { config, logger, showAdminKey }: IngressNeeds,
  { links, store, onError, now }: KeyParts,
): KeyService =>
  createKeyService({
    config,
    connection: links.fleet.commands,
    connectBlocking: links.fleet.connectBlocking,
    names: links.keys,
    records: store,
    onStreamsEnd: (keyId) => links.exchanges.failAllOf(keyId, 'key_revoked'),
    logger,
    onError,
    onIssuerTrouble: createTroubleLog(logger, 'issuer trouble', now),
    showAdminKey,
  });
