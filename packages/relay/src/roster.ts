import { defineScript, type RedisConnection } from '@sluice/redis';

const enrolScript = defineScript(new URL('../lua/enrol-1.lua', import.meta.url), () => undefined);

/** Twice a second, as `Liveness` does. */
const enterEveryMs = 500;
/** A worker waits for two of these before its first run, which is part of its start. */
const readEveryMs = 250;
/** A process that has not entered itself for this long is dropped from the list. */
const entryTtlMs = 5000;
/**
 * A reader remembers a process for this long after it was last seen in the list. That is longer than any request waits
 * for a Redis that is away (5 s), so that the reader knows all workers that may have claimed a run before Redis lost
 * the list.
 */
const rememberMs = 60_000;

/** Prefix of the id of a process that has stopped in order: it holds no run any more, and is forgotten. */
const leftMark = '-';

/** Keeps a process in the list of those that live. */
export interface Enrolment {
  /** Enters this process. Rejects when Redis cannot be reached. */
  start(): Promise<void>;
  /** Says that this process leaves: all its runs are over. */
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

/** Knows which processes live, and which lived a minute ago. */
export interface Roster {
  /** Reads the list for the first time. Rejects when Redis cannot be reached. */
  start(): Promise<void>;
  /** Ids of all processes that were in the list within the last minute, whatever Redis has lost since. */
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

interface BeatNeeds {
  readonly act: () => Promise<unknown>;
  readonly everyMs: number;
  readonly onError: (error: unknown) => void;
}

/** Runs an action again and again, never two at once. */
function createBeat({ act, everyMs, onError }: BeatNeeds): { start(): void; stop(): Promise<void> } {
  let timer: NodeJS.Timeout | undefined;
  let acting: Promise<void> | undefined;
  return {
    start() {
      timer = setInterval(() => {
        acting ??= act()
          .then(() => undefined, onError)
          .finally(() => (acting = undefined));
      }, everyMs);
    },
    async stop() {
      clearInterval(timer);
      await acting;
    },
  };
}
