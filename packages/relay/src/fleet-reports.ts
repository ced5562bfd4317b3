import {
  readReplica,
  readUpstreamReports,
  type Replica,
  type UpstreamReport,
  writeUpstreamReports,
} from '@sluice/protocol';
import type { Keys, RedisConnection } from '@sluice/redis';
import { createBeat } from './beat.ts';

/*
 * Reports for the status page of an ingress. Each process announces itself beside its sign of life (`joinFleet`). Only
 * workers may read the state of the upstreams, whose keys hold access tokens too: one of them reports it, and only while
 * some ingress shows the page.
 */

/** Time (ms) for which workers report after the last page. */
const wantedMs = 60_000;
/** Interval (ms) at which a worker checks whether a report is wanted. */
const checkEveryMs = 500;
/** Interval (ms) of the reports of the whole fleet. */
const reportEveryMs = 900;
/** Age (ms) at which a report is dropped. */
const keptMs = 5000;

type ReportKeys = Pick<Keys, 'replicas' | 'upstreamsWanted' | 'upstreamsAsked' | 'upstreamReports'>;

export interface FleetReaderNeeds {
  readonly connection: RedisConnection;
  readonly keys: ReportKeys;
}

/** Operations of an ingress. All reject while Redis cannot be reached. */
export interface FleetReader {
  /** Returns the processes that announced themselves within the last 5 s, without those of versions that do not. */
  replicas(): Promise<readonly Replica[]>;
  /** Signals the workers that a report is wanted. */
  wantUpstreams(): Promise<void>;
  /** Returns the latest report; undefined if there is none yet. */
  upstreams(): Promise<readonly UpstreamReport[] | undefined>;
}

export const createFleetReader = ({ connection, keys }: FleetReaderNeeds): FleetReader => ({
  async replicas() {
    const found = await connection.zrange(keys.replicas, '0', '-1');
    return found.flatMap((text) => readReplica(text) ?? []);
  },
  async wantUpstreams() {
    await connection.set(keys.upstreamsWanted, '1', 'PX', wantedMs);
  },
  async upstreams() {
    const text = await connection.get(keys.upstreamReports);
    return text === null ? undefined : readUpstreamReports(text);
  },
});

export interface UpstreamReporterNeeds extends FleetReaderNeeds {
  readonly report: () => Promise<readonly UpstreamReport[]>;
  readonly onError: (error: unknown) => void;
}

/** Reports the state of the upstreams while a report is wanted: one worker of the fleet at a time. */
export interface UpstreamReporter {
  start(): void;
  close(): Promise<void>;
}

export function createUpstreamReporter({ connection, keys, report, onError }: UpstreamReporterNeeds): UpstreamReporter {
  async function act(): Promise<void> {
    if ((await connection.exists(keys.upstreamsWanted)) !== 1) return;
    if ((await connection.set(keys.upstreamsAsked, '1', 'PX', reportEveryMs, 'NX')) !== 'OK') return;
    await connection.set(keys.upstreamReports, writeUpstreamReports(await report()), 'PX', keptMs);
  }
  const beat = createBeat({ act, everyMs: checkEveryMs, onError });
  return { start: beat.start, close: beat.stop };
}
