import { type Admission, createAdmission, createLostSettler, createPeek, type Peek } from '@sluice/admission';
import { type IngressConfig, readRedisFiles } from '@sluice/config';
import { createOutboxWriter, ledgerLimits, type OutboxWriter } from '@sluice/outbox';
import type { Pricing } from '@sluice/prices';
import { createJobSeal, createSubmitter, type Submitter } from '@sluice/queue';
import type { AttemptEntry } from '@sluice/records';
import { createKeys, type Keys, type RedisConnection } from '@sluice/redis';
import { createRoster, type Fleet, type FleetMetrics, joinFleet, type Roster } from '@sluice/relay';
import type { IngressMetrics, Logger } from '@sluice/telemetry';
import { createAccountLost } from './account-lost.ts';
import { createOpenExchanges, type OpenExchanges } from './inference/exchange/open-exchanges.ts';
import { createWorkerWatch } from './inference/exchange/worker-watch.ts';
import { createRequestInbox } from './request-inbox.ts';
import { startSettlingLost } from './settle-lost.ts';

/** The part of an ingress in the fleet, and what uses its Redis connections. */
export interface RedisLinks {
  readonly keys: Keys;
  readonly fleet: Fleet;
  readonly roster: Roster;
  readonly admission: Admission;
  /** Starts to settle the requests of killed ingresses. Returns the function that ends it. */
  settleLost(isRedisUp: () => boolean): () => void;
  readonly peek: Peek;
  readonly submitter: Submitter;
  readonly exchanges: OpenExchanges;
  /** Takes the ledger entries of lost attempts on their way to the database; undefined if there is none. */
  readonly attempts: OutboxWriter<AttemptEntry> | undefined;
}

export interface RedisLinksNeeds {
  readonly config: Pick<
    IngressConfig,
    'redis' | 'database' | 'limits' | 'queue' | 'secretKey' | 'upstreams' | 'models'
  >;
  readonly ingressId: string;
  readonly version: string;
  readonly logger: Pick<Logger, 'warn' | 'error'>;
  readonly metrics: FleetMetrics & Pick<IngressMetrics, 'relayDropped' | 'relayGap' | 'outboxShed'>;
  readonly pricing: Pick<Pricing, 'priceOf'>;
  readonly onError: (error: unknown) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Pause between two looks at the requests of killed ingresses, over all replicas: less than the interval of one. */
const settlePauseMs = 900;

export function createRedisLinks(needs: RedisLinksNeeds): RedisLinks {
  const { config, ingressId, version, logger, metrics, pricing, onError, now } = needs;
  const keys = createKeys(config.redis.keyPrefix);
  const fleet = joinFleet({
    settings: readRedisFiles(config.redis),
    service: 'ingress',
    processId: ingressId,
    version,
    keys,
    mailboxKeys: [keys.mailbox(ingressId), keys.admissionMailbox(ingressId)],
    metrics,
    onLost: (workerId) => workers.lost(workerId),
    onFrames: (frames, origin) => inbox.deliver(frames, origin),
    onRestored() {
      logger.warn('redis has lost its data; runs that no worker has begun are queued again');
      exchanges.requeueAll();
    },
    onError,
    now,
  });
  const { commands, writer } = fleet;
  const workers = createWorkerWatch(fleet.liveness);
  const roster = createRoster({ connection: commands, rosterKey: keys.workers, onError, now });
  const admission = createAdmission({
    connection: commands,
    keys,
    ingressId,
    fleet: config.limits,
    onError,
    onLeaseLost: (requestId) => logger.warn({ internal_id: requestId }, 'lease lost; the request continues without it'),
    random: Math.random,
  });
  const settler = createLostSettler({
    connection: commands,
    keys,
    isRecorded: config.database !== undefined,
    pauseMs: settlePauseMs,
  });
  const inbox = createRequestInbox({ writer, metrics, admission, onError });
  const submitter = createSubmitter({
    connection: commands,
    keys,
    shards: config.queue.shards,
    seal: createJobSeal(config.secretKey?.reveal()),
    onMoved() {
      logger.warn('another redis server has taken over; runs that no worker has begun are queued again');
      exchanges.requeueAll();
    },
    onError,
  });
  const attempts = config.database && writeAttempts(needs, fleet.writes, keys);
  const accountLost = createAccountLost({ ...config, pricing, attempts });
  const exchanges = createOpenExchanges({ inbox, submitter, writer, workers, roster, accountLost, onError });
  commands.on('ready', () => {
    void submitter.recheck().catch(onError);
    admission.recheck();
  });
  const settleLost = (isRedisUp: () => boolean): (() => void) =>
    startSettlingLost({
      settler,
      connection: commands,
      isRedisUp,
      leaseMs: config.limits.leaseMs,
      logger,
      onError,
      now,
    });
  const peek = createPeek({ connection: commands, keys });
  return { keys, fleet, roster, admission, settleLost, peek, submitter, exchanges, attempts };
}

function writeAttempts(
  { logger, metrics, onError, now }: RedisLinksNeeds,
  connection: RedisConnection,
  keys: Keys,
): OutboxWriter<AttemptEntry> {
  metrics.outboxShed('attempts', 0);
  return createOutboxWriter({
    connection,
    key: keys.attempts,
    limits: ledgerLimits,
    onShed(count) {
      metrics.outboxShed('attempts', count);
      logger.error({ count }, 'ledger entries of attempts are lost: Redis was away for too long');
    },
    onError,
    now,
  });
}
