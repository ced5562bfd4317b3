import { setTimeout as delay } from 'node:timers/promises';
import type { Occupancy } from '@sluice/admission';
import type { Config } from '@sluice/config';
import type { Replica, UpstreamReport } from '@sluice/protocol';
import type { FleetReader } from '@sluice/relay';
import type { z } from 'zod';
import type { fleetFields } from './documents/health-schemas.ts';

/** The fleet's part of `/status`, in the words of the page. */
export type FleetStatus = z.input<z.ZodObject<typeof fleetFields>>;

export interface FleetStatusNeeds {
  readonly limits: Pick<Config['limits'], 'maxConcurrentRequests' | 'queueSize'>;
  /** The functions reject while Redis is away. */
  readonly occupancy: () => Promise<Pick<Occupancy, 'running' | 'waiting' | 'longestWaitMs'>>;
  readonly shardCounts: () => Promise<readonly { readonly waiting: number; readonly active: number }[]>;
  readonly reader: FleetReader;
  /** The state of the database and of what is on the way to it; absent without a database. */
  readonly records?: (() => Promise<Pick<FleetStatus, 'database' | 'outbox'>>) | undefined;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Time limit for each part of the page; after it, the part is `null`. */
const limitMs = 1000;
/** Interval at which the first report of the workers is looked for. */
const pollEveryMs = 50;
/** Shortest interval of two reads: anybody may ask with `server.public_status`. */
const everyMs = 200;

/**
 * Returns a function that reads the state of the fleet, at most five times a second. All who ask in the meantime share the
 * next read, so that no page is older than the question. It never rejects.
 */
export function createFleetStatus(needs: FleetStatusNeeds): () => Promise<FleetStatus> {
  let readAt = -Infinity;
  let next: Promise<FleetStatus> | undefined;

  function readNow(): Promise<FleetStatus> {
    readAt = needs.now();
    next = undefined;
    return read(needs);
  }

  return () => {
    if (next !== undefined) return next;
    const waitMs = readAt + everyMs - needs.now();
    next = waitMs > 0 ? delay(waitMs).then(readNow) : Promise.resolve().then(readNow);
    return next;
  };
}

async function read({ limits, occupancy, shardCounts, reader, records, now }: FleetStatusNeeds): Promise<FleetStatus> {
  const replicas = inTime(reader.replicas());
  const [known, shards, found, upstreams, recorded] = await Promise.all([
    inTime(occupancy()),
    inTime(shardCounts()),
    replicas,
    replicas.then((all) =>
      all?.some(({ service }) => service === 'worker') ? inTime(readUpstreams(reader, now)) : undefined,
    ),
    records === undefined ? {} : inTime(records()),
  ]);
  return {
    fleet: {
      running_requests: known?.running ?? null,
      max_running_requests: limits.maxConcurrentRequests,
      waiting_requests: known?.waiting ?? null,
      max_waiting_requests: limits.queueSize,
      longest_wait_ms: known?.longestWaitMs ?? null,
    },
    queue: shards?.map(({ waiting, active }, shard) => ({ shard, waiting, active })) ?? null,
    replicas: found?.map(replicaOf) ?? null,
    upstreams: upstreams?.map(upstreamOf) ?? null,
    ...recorded,
  };
}

/** Returns undefined if the promise rejects, or takes longer than the limit. */
const inTime = <Value>(promise: Promise<Value>): Promise<Value | undefined> =>
  Promise.race([promise, delay(limitMs, undefined, { ref: false })]).catch(() => undefined);

/** Waits for the first report after a time without any. */
async function readUpstreams(reader: FleetReader, now: () => number): Promise<readonly UpstreamReport[] | undefined> {
  const until = now() + limitMs;
  await reader.wantUpstreams();
  for (;;) {
    const found = await reader.upstreams();
    if (found !== undefined || now() >= until) return found;
    await delay(pollEveryMs, undefined, { ref: false });
  }
}

const replicaOf = ({ id, service, version, startedAt }: Replica) => ({
  id,
  service,
  version,
  started_at: new Date(startedAt).toISOString(),
});

const upstreamOf = ({ id, ready, cooling, cooldowns, openCircuits }: UpstreamReport) => ({
  id,
  credentials: { ready, in_cooldown: cooling },
  cooldowns: cooldowns.map(({ credential, model, endsAt, isRefused, reason }) => ({
    credential,
    model: model ?? null,
    ends_at: new Date(endsAt).toISOString(),
    refused: isRefused,
    reason,
  })),
  open_circuits: openCircuits.map(({ model, failures, cause }) => ({ model, failures, cause })),
});
