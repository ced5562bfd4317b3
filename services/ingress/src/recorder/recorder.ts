import { connect, createKeys } from '@sluice/redis';
import { connectStore, migrateStore, takeRunnerLock } from '@sluice/store';
import { every } from './every.ts';
import { type Log, noCounts, type RecorderState } from './recorder-state.ts';
import { type RecorderSettings, redisSettings } from './recorder-settings.ts';
import { run } from './runner.ts';
import { watchDatabase } from './watch-database.ts';
import { watchLag } from './watch-lag.ts';

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

export function startRecorder({ settings, log, onError }: RecorderNeeds): Recorder {
  const { database, retention } = settings;
  const stopping = new AbortController();
  const keys = createKeys(settings.keyPrefix);
  const connection = connect({ settings: redisSettings(settings), role: 'command', name: 'sluice recorder', onError });
  const store = connectStore({ ...database, poolSize, onError, applicationName: 'sluice recorder' });
  const written = noCounts();
  const skipped = noCounts();
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
        // The database may come back as another one: restored, or empty.
        isMigrated = false;
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
  const lags = watchLag({ connection, keys, signal: stopping.signal });

  return {
    state: () => ({
      isRunner,
      isDatabaseUp: health.isUp,
      databaseAnswerMs: health.answerMs,
      lag: lags.lag,
      written: { ...written },
      skipped: { ...skipped },
      imbalanced,
    }),
    async stop() {
      stopping.abort();
      await Promise.all([main, lags.ended, health.ended]);
      await store.close();
      connection.disconnect();
    },
  };
}
