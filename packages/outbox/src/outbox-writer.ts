import type { RedisConnection } from '@sluice/redis';
import { createEntryQueue } from './entry-queue.ts';
import { keepStream } from './stream-upkeep.ts';

/**
 * Writes entries into a stream of Redis, on their way to the database. The entries of one turn of the event loop leave
 * in one XADD, and at most one XADD is in flight; entries that arrive meanwhile form the next batch.
 *
 * While Redis is away, entries wait in memory. Those that Redis has acknowledged in the last half minute are written
 * again after a connection was lost, because a fail-over may have lost them. So an entry may arrive several times; readers
 * tell it by its id.
 */
export interface OutboxWriter<Entry> {
  add(entry: Entry): void;
  /** Resolves to true once Redis has all entries, or to false after this time (ms). */
  flush(timeoutMs: number): Promise<boolean>;
  /** Stops; entries that Redis does not have yet are lost and reported as shed. */
  close(): void;
}

export interface OutboxLimits {
  /** Most bytes that wait in this process for Redis; beyond, the oldest are shed. */
  readonly waitingBytes: number;
  /** Most bytes that are kept for a fail-over after Redis has acknowledged them. */
  readonly keptBytes: number;
  /** Most bytes of Redis's memory that the stream may take; beyond, its oldest batches are shed. Absent: no limit. */
  readonly streamBytes?: number | undefined;
}

/** Ledger entries: one is about 500 bytes. Nothing is shed in Redis, and in memory only after 100,000 entries. */
export const ledgerLimits: OutboxLimits = { waitingBytes: 64 * 1024 * 1024, keptBytes: 16 * 1024 * 1024 };

/** Logs are shed before they take memory that requests need. */
export const logLimits = (streamBytes: number): OutboxLimits => ({
  waitingBytes: 4 * 1024 * 1024,
  keptBytes: 1024 * 1024,
  streamBytes,
});

/**
 * Bodies are shed first: they get a part of the room of logs, which are smaller, and none is written again after a
 * fail-over.
 */
export const bodyLimits = (streamBytes: number): OutboxLimits => ({
  waitingBytes: 4 * 1024 * 1024,
  keptBytes: 0,
  streamBytes,
});

export interface OutboxWriterNeeds {
  /** Connection of the `writer` role: it waits for an absent Redis. */
  readonly connection: RedisConnection;
  readonly key: string;
  readonly limits: OutboxLimits;
  /** Called when entries are lost: dropped `here` (number of entries), or in `redis` (number of batches). */
  readonly onShed: (count: number, where: 'here' | 'redis') => void;
  readonly onError: (error: unknown) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Time (ms) for which Redis's replicas and its append-only file may lag. */
const keptMs = 30_000;
const retryDelayMs = 200;
const upkeepEveryMs = 10_000;
/** Events after which Redis may be another server, or the same one without its data. */
const returns = ['ready', '+node', '-node'] as const;

export function createOutboxWriter<Entry>(needs: OutboxWriterNeeds): OutboxWriter<Entry> {
  const { connection, key, limits, onShed, onError, now } = needs;
  const queue = createEntryQueue({ ...limits, keptMs });
  const upkeepBytes = (limits.streamBytes ?? Infinity) / 8;
  const upkeep = {
    connection,
    key,
    streamBytes: limits.streamBytes,
    onTrimmed: (batches: number) => onShed(batches, 'redis'),
  };
  const idle: (() => void)[] = [];
  let isScheduled = false;
  let isSending = false;
  let isClosed = false;
  let keepAt = -Infinity;
  /** Bytes since the latest upkeep. */
  let addedBytes = 0;
  let retry: NodeJS.Timeout | undefined;

  function schedule(): void {
    if (isScheduled || isSending || isClosed) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      if (!isSending) void drain();
    });
  }

  async function drain(): Promise<void> {
    isSending = true;
    while (!queue.isEmpty && !isClosed) await sendBatch();
    isSending = false;
    for (const resolve of idle.splice(0)) resolve();
  }

  async function sendBatch(): Promise<void> {
    const batch = queue.take();
    try {
      const text = `[${batch.join(',')}]`;
      await connection.xadd(key, '*', 'e', text);
      addedBytes += text.length;
      queue.sent(batch, now());
    } catch (error) {
      onError(error);
      if (isClosed) return onShed(batch.length, 'here');
      queue.putBack(batch);
      await new Promise<void>((resolve) => (retry = setTimeout(resolve, retryDelayMs)));
      return;
    }
    // Large entries may fill their room long before the next upkeep.
    if (now() < keepAt && addedBytes < upkeepBytes) return;
    keepAt = now() + upkeepEveryMs;
    addedBytes = 0;
    await keepStream(upkeep).catch(onError);
  }

  function repeatKept(): void {
    queue.repeat(now());
    keepAt = -Infinity;
    if (!queue.isEmpty) schedule();
  }

  for (const event of returns) connection.on(event, repeatKept);

  return {
    add(entry) {
      const shed = isClosed ? 1 : queue.put(JSON.stringify(entry));
      if (shed > 0) onShed(shed, 'here');
      schedule();
    },

    async flush(timeoutMs) {
      if (queue.isEmpty && !isSending) return true;
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const timer = setTimeout(() => resolve(false), timeoutMs);
      idle.push(() => resolve(true));
      schedule();
      return await promise.finally(() => clearTimeout(timer));
    },

    close() {
      isClosed = true;
      for (const event of returns) connection.off(event, repeatKept);
      clearTimeout(retry);
      const lost = queue.clear();
      if (lost > 0) onShed(lost, 'here');
    },
  };
}
