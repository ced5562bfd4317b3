import { type Config, readRedisFiles } from '@sluice/config';
import type { Keys } from '@sluice/redis';
import { createEnrolment, type Enrolment, type Fleet, type FleetMetrics, joinFleet } from '@sluice/relay';
import type { ActiveRuns } from '../consumer/active-runs.ts';
import { createRunMemory, type RunMemory } from '../consumer/run-memory.ts';

/** The part of a worker in the fleet, and the memory that answers ingresses. */
export interface RedisLinks {
  readonly fleet: Fleet;
  /** Keeps the worker in the list of workers, which ingresses ask for their runs. */
  readonly enrolment: Enrolment;
  readonly memory: RunMemory;
}

export interface RedisLinksNeeds {
  readonly config: Pick<Config, 'redis'>;
  readonly workerId: string;
  readonly version: string;
  readonly keys: Keys;
  readonly runs: Pick<ActiveRuns, 'abortAllOf' | 'control'>;
  readonly metrics: FleetMetrics;
  readonly onError: (error: unknown) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

export function createRedisLinks({
  config,
  workerId,
  version,
  keys,
  runs,
  metrics,
  onError,
  now,
}: RedisLinksNeeds): RedisLinks {
  const fleet = joinFleet({
    settings: readRedisFiles(config.redis),
    service: 'worker',
    processId: workerId,
    version,
    keys,
    mailboxKeys: [keys.mailbox(workerId)],
    metrics,
    onLost: runs.abortAllOf,
    onFrames(frames, origin) {
      for (const frame of frames) {
        if (frame.kind !== 'probe') runs.control(frame);
        else if (origin !== undefined) memory.probe(frame, origin.processId);
      }
    },
    onError,
    now,
  });
  const memory = createRunMemory({ workerId, writer: fleet.writer, now });
  const enrolment = createEnrolment({
    connection: fleet.commands,
    rosterKey: keys.workers,
    processId: workerId,
    onError,
  });
  return { fleet, enrolment, memory };
}
