import { defineScript, type RedisConnection } from '@sluice/redis';
import { createBeat } from './beat.ts';

const enrolScript = defineScript(new URL('../lua/enrol-1.lua', import.meta.url), () => undefined);

/** Interval (ms) at which a process enters itself: twice a second, as in `Liveness`. */
const enterEveryMs = 500;
/** Interval (ms) at which the list is read. A worker waits for two of these before its first run, as a part of its start. */
const readEveryMs = 250;
/** Time (ms) without a beat after which a process is dropped from the list. */
const entryTtlMs = 5000;
/**
 * Time (ms) for which a reader remembers a process after it was last listed. It exceeds the time that a request waits
 * for an absent Redis (5 s), so that the reader still has all workers that may have claimed a run before Redis lost the
 * list.
 */
const rememberMs = 60_000;

/** Id prefix of a process that has stopped in order: it holds no run any more, and readers remove it. */
const leftMark = '-';

/** Keeps a process in the list of live processes. */
export interface Enrolment {
  /** Registers this process. Rejects when Redis cannot be reached. */
  start(): Promise<void>;
  /** Removes this process from the list: all its runs are over. */
  close(): Promise<void>;
}

export interface EnrolmentNeeds {
  readonly connection: RedisConnection;
  readonly rosterKey: string;
  readonly processId: string;
  readonly onError: (error: unknown) => void;
}

export function createEnrolment({ connection, rosterKey, processId, onError }: EnrolmentNeeds): Enrolment {
  const enrol = (id: string): Promise<unknown> => enrolScript.run(connection, [rosterKey], [id, entryTtlMs]);
  const beat = createBeat({ act: () => enrol(processId), everyMs: enterEveryMs, onError });
  return {
    async start() {
      await enrol(processId);
      beat.start();
    },
    async close() {
      await beat.stop();
      await Promise.all([enrol(leftMark + processId), connection.zrem(rosterKey, processId)]).catch(onError);
    },
  };
}

/** Tracks the processes that live now or lived within the last minute. */
export interface Roster {
  /** Reads the list for the first time. Rejects when Redis cannot be reached. */
  start(): Promise<void>;
  /** Returns the ids of all processes listed within the last minute, including those that Redis has lost since. */
  members(): readonly string[];
  close(): Promise<void>;
}

export interface RosterNeeds {
  readonly connection: RedisConnection;
  readonly rosterKey: string;
  readonly onError: (error: unknown) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

export function createRoster({ connection, rosterKey, onError, now }: RosterNeeds): Roster {
  const seenAt = new Map<string, number>();
  async function read(): Promise<void> {
    const listed = await connection.zrange(rosterKey, '0', '-1');
    for (const id of listed) if (!id.startsWith(leftMark)) seenAt.set(id, now());
    for (const id of listed) if (id.startsWith(leftMark)) seenAt.delete(id.slice(leftMark.length));
    for (const [id, at] of seenAt) if (now() - at > rememberMs) seenAt.delete(id);
  }
  const beat = createBeat({ act: read, everyMs: readEveryMs, onError });
  return {
    async start() {
      await read();
      beat.start();
    },
    members: () => [...seenAt.keys()],
    close: () => beat.stop(),
  };
}
