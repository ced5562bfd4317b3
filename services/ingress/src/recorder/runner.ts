import type { Keys, RedisConnection } from '@sluice/redis';
import {
  countImbalances,
  createPartitions,
  createRecordWriter,
  dropOld,
  partitionedTables,
  type Retention,
  type Store,
} from '@sluice/store';
import { createOpenSettler } from '@sluice/outbox';
import { every } from './every.ts';
import type { Log, StreamName } from './recorder-state.ts';
import { seedSpends } from './seed-spends.ts';
import { createStreams, type RecordedStream } from './streams.ts';

export interface RunnerNeeds {
  readonly connection: RedisConnection;
  readonly keys: Keys;
  readonly store: Store;
  readonly retention: Retention;
  readonly log: Log;
  readonly onError: (error: unknown) => void;
  readonly onWritten: (name: StreamName, rows: number) => void;
  readonly onSkipped: (name: StreamName) => void;
  readonly onImbalances: (count: number) => void;
  readonly signal: AbortSignal;
  /** Asked at the end: the lock is still there, so what waits may be written. */
  readonly mayFinish: () => boolean;
}

/** Between two pages that are not full: entries gather, because a transaction costs more than the rows of it. */
const idleMs = 500;
const longestPauseMs = 10_000;
/** Time after the end in which the rest is written. */
const finishMs = 1000;
const dayMs = 86_400_000;
/** Interval of the looks for dead workers. */
const settleEveryMs = 1000;
const maintainEveryMs = 600_000;
const balanceEveryMs = 60_000;
/** A request and its attempts arrive by different outboxes; after this time both are there. */
const balanceDelayMs = 60_000;
const balanceSpanMs = 60_000;
/** A new runner checks again what was recorded in this time. */
const firstBalanceMs = 600_000;

/** Does the work of the one recorder that writes, until the signal is aborted. Never rejects. */
export async function run(needs: RunnerNeeds): Promise<void> {
  const { store, log, retention, onError, signal } = needs;
  const partitions = createPartitions(store.db);
  const streams = createStreams({ ...needs, writer: createRecordWriter(store.db, partitions) });
  const checkBalance = createBalanceCheck(needs, streams);

  async function maintain(): Promise<void> {
    const now = Date.now();
    const ahead = [0, 1, 2].map((days) => new Date(now + days * dayMs));
    const nextMonth = new Date(now + 31 * dayMs);
    for (const table of partitionedTables) {
      await partitions.cover(table, table.startsWith('ledger') ? [...ahead, nextMonth] : ahead);
    }
    const dropped = await dropOld({ db: store.db, partitions, at: new Date(now) }, retention);
    if (dropped.length > 0) log('info', 'old records are dropped', { tables: dropped });
  }

  const loop = { longestPauseMs, onError, signal };
  await Promise.all([
    ...streams.map((stream) => every({ ...loop, everyMs: idleMs, run: () => stream.drain() })),
    seedSpends(needs),
    every({ ...loop, everyMs: settleEveryMs, run: createSettling(needs) }),
    every({ ...loop, everyMs: maintainEveryMs, run: maintain }),
    every({ ...loop, everyMs: balanceEveryMs, run: checkBalance }),
  ]);
  if (needs.mayFinish()) await Promise.all(streams.map(finish)).catch(onError);
}

/** Bills the calls of dead workers: returns the function that looks for them. */
function createSettling({ connection, keys, log }: RunnerNeeds): () => Promise<void> {
  const settler = createOpenSettler({
    connection,
    processesKey: keys.openAttemptWorkers,
    openKey: keys.openAttempts,
    aliveKey: keys.alive,
    outboxKey: keys.attempts,
    now: () => performance.now(),
  });
  return async () => {
    const calls = await settler.settle();
    if (calls > 0) log('warn', 'calls of workers that are gone are settled', { calls });
  };
}

/** Writes what an outbox still has, for a moment: the last requests of a fleet that stops. */
async function finish(stream: RecordedStream): Promise<void> {
  const endsAt = performance.now() + finishMs;
  while (performance.now() < endsAt && (await stream.drain()));
}

/**
 * Checks each recorded request once: its cost is the sum of the costs of its attempts. A run looks at a short span, because a
 * statement that times out would be repeated with an ever longer one. Returns whether there is more to check.
 */
function createBalanceCheck(needs: RunnerNeeds, streams: readonly RecordedStream[]): () => Promise<boolean> {
  const { store, log, onImbalances } = needs;
  let from = Date.now() - firstBalanceMs;
  return async () => {
    const lags = await Promise.all(streams.filter(({ name }) => name !== 'bodies').map((stream) => stream.lag()));
    // After an outage the attempts of a recorded request may still wait in Redis.
    if (lags.some(({ oldestAgeMs }) => oldestAgeMs > balanceDelayMs / 2)) return false;
    const end = Date.now() - balanceDelayMs;
    const to = Math.min(end, from + balanceSpanMs);
    const count = await countImbalances(store.db, { from: new Date(from), to: new Date(to) });
    from = to;
    if (count > 0) {
      onImbalances(count);
      log('error', 'requests cost something else than the sum of their attempts', { requests: count });
    }
    return to < end;
  };
}
