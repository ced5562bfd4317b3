import { connect, createKeys } from '@sluice/redis';
import { connectStore, migrateStore, type Store, takeRunnerLock } from '@sluice/store';
import { createOutboxReader } from '@sluice/outbox';
import { z } from 'zod';
import { every } from './every.ts';
import {
  type Log,
  noCounts,
  type RecorderState,
  type StreamLag,
  type StreamName,
  streamNames,
} from './recorder-state.ts';
import { type RecorderSettings, redisSettings } from './recorder-settings.ts';
import { run } from './runner.ts';

/** Brings records from Redis into the database, if no other process of the fleet does. */
export interface Recorder {
  state(): RecorderState;
  /** Ends after the entries that it has at hand. */
  stop(): Promise<void>;
}

export interface RecorderNeeds {
  readonly settings: RecorderSettings;
  readonly log: Log;
  /** Called with errors of Redis and of the database; they repeat while one of them is away. */
  readonly onError: (error: unknown) => void;
}

/** Streams, upkeep and checks at once; more statements wait. */
const poolSize = 4;
/** Another recorder takes over this long after the death of the one that writes. */
const takeOverMs = 2000;
const lagEveryMs = 1000;

export function startRecorder({ settings, log, onError }: RecorderNeeds): Recorder {
  const { database, retention } = settings;
  const stopping = new AbortController();
  const keys = createKeys(settings.keyPrefix);
  const connection = connect({ settings: redisSettings(settings), role: 'command', name: 'sluice recorder', onError });
  const store = connectStore({ ...database, poolSize, onError, applicationName: 'sluice recorder' });
  const written = noCounts();
  const skipped = noCounts();
  let lag: Partial<Record<StreamName, StreamLag>> = {};
  let isMigrated = false;
  let isRunner = false;
  let imbalanced = 0;
  const health = watchDatabase(store, stopping.signal);

  async function migrate(): Promise<void> {
    if (isMigrated) return;
    const applied = await migrateStore(database);
    if (applied.length > 0) log('info', 'the database is migrated', { migrations: applied });
    isMigrated = true;
  }

  /** Takes the lock if it is free, and then works until the lock is lost or the recorder stops. */
  async function compete(): Promise<void> {
    await migrate();
    const work = new AbortController();
    const end = (): void => work.abort();
    let isLost = false;
    const lock = await takeRunnerLock({
      ...database,
      fleet: settings.keyPrefix,
      onLost(error) {
        onError(error);
        isLost = true;
        end();
      },
    });
    if (lock === undefined) return;
    stopping.signal.addEventListener('abort', end);
    if (stopping.signal.aborted) end();
    isRunner = true;
    log('info', 'this recorder writes the records of the fleet');
    await run({
      connection,
      keys,
      store,
      retention,
      log,
      onError,
      onWritten: (name, rows) => void (written[name] += rows),
      onSkipped: (name) => void (skipped[name] += 1),
      onImbalances: (count) => void (imbalanced += count),
      signal: work.signal,
      mayFinish: () => !isLost,
    });
    isRunner = false;
    stopping.signal.removeEventListener('abort', end);
    await lock.release();
  }

  const loop = { onError, signal: stopping.signal };
  const main = every({ ...loop, everyMs: takeOverMs, longestPauseMs: takeOverMs, run: compete });
  const readers = streamNames.map((name) => {
    const reader = createOutboxReader({ connection, key: keys[name], schema: z.unknown(), onBroken: () => undefined });
    return { name, reader };
  });
  const watching = every({
    signal: stopping.signal,
    everyMs: lagEveryMs,
    longestPauseMs: lagEveryMs,
    onError() {
      lag = {};
    },
    async run() {
      const lags = await Promise.all(
        readers.map(async ({ name, reader }): Promise<[StreamName, StreamLag]> => {
          const { length, oldestAgeMs } = await reader.lag();
          return [name, { batches: length, oldestAgeMs }];
        }),
      );
      lag = Object.fromEntries(lags);
    },
  });

  return {
    state: () => ({
      isRunner,
      isDatabaseUp: health.isUp,
      lag,
      written: { ...written },
      skipped: { ...skipped },
      imbalanced,
    }),
    async stop() {
      stopping.abort();
      await Promise.all([main, watching, health.ended]);
      await store.close();
      connection.disconnect();
    },
  };
}

const pingEveryMs = 2000;

/** Asks the database from time to time whether it is there. */
function watchDatabase(store: Store, signal: AbortSignal): { readonly isUp: boolean; readonly ended: Promise<void> } {
  let isUp = false;
  const ended = every({
    signal,
    everyMs: pingEveryMs,
    longestPauseMs: pingEveryMs,
    onError: () => void (isUp = false),
    async run() {
      await store.db.selectNoFrom((is) => is.lit(1).as('one')).execute();
      isUp = true;
    },
  });
  return {
    get isUp() {
      return isUp;
    },
    ended,
  };
}
