import { type KeyRecord, keyRecordSchema, revokedKeptMs as usuallyKeptMs } from '@sluice/records';
import { isRedisUnavailable, type Keys, type RedisConnection } from '@sluice/redis';
import { publishKeys, type ReadKeyChanges } from './publish-keys.ts';
import { createRegistryScripts, type RegistryState } from './scripts.ts';
import { watchChanges } from './watch-changes.ts';

/** The client keys and teams of the database, as Redis serves them to every ingress. */
export interface KeyRegistry {
  /**
   * Reads all records, and then each change as soon as it is published, and twice a second in any case. Resolves after the
   * first reading, also if that fails.
   */
  start(): Promise<void>;
  /** Publishes what the database has and Redis has not, and reads it at once. */
  publish(readChanges: ReadKeyChanges): Promise<void>;
  close(): void;
}

export interface KeyRegistryNeeds {
  readonly connection: RedisConnection;
  /** Opens a connection of the `blocking` role, on which the registry waits for changes. */
  readonly connectBlocking: () => RedisConnection;
  readonly keys: Keys;
  /**
   * Called with changed records; `isWhole`: with all there are, which replace those before. What Redis does not have any more is
   * not reported: keys stay valid while Redis is empty.
   */
  readonly onChange: (records: readonly KeyRecord[], isWhole: boolean) => void;
  /** Called if Redis has no records: nothing was published yet, or it has lost its data. */
  readonly onMissing: () => void;
  /** Called with trouble other than the absence of Redis, which is reported elsewhere. */
  readonly onError: (error: unknown) => void;
  /** Time between two readings; default 500. */
  readonly pollMs?: number;
  /** Time for which Redis remembers revoked keys and removed teams; default a week. */
  readonly revokedKeptMs?: number;
}

export function createKeyRegistry(needs: KeyRegistryNeeds): KeyRegistry {
  const { connectBlocking, keys, onChange, onMissing, onError, pollMs = 500, revokedKeptMs = usuallyKeptMs } = needs;
  const scripts = createRegistryScripts(needs.connection, keys);
  let known: RegistryState | undefined;
  let reading: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopWatching: (() => void) | undefined;
  let isClosed = false;

  async function read(): Promise<void> {
    const reply = await scripts.read(known);
    if (reply === undefined) return onMissing();
    const { source, revision, isWhole, records } = reply;
    known = { source, revision };
    if (isWhole || records.length > 0) onChange(parse(records, onError), isWhole);
  }

  /** Readings follow each other: an answer must not overtake a later one. */
  const readInTurn = (): Promise<void> =>
    (reading = (reading ?? Promise.resolve()).catch(() => undefined).then(() => read()));

  const readSafely = (): Promise<void> =>
    readInTurn().catch((error: unknown) => {
      if (!isRedisUnavailable(error)) onError(error);
    });

  async function poll(): Promise<void> {
    await readSafely();
    if (!isClosed) timer = setTimeout(() => void poll(), pollMs);
  }

  return {
    start() {
      stopWatching = watchChanges({
        connection: connectBlocking(),
        key: keys.registryChanges,
        onChange: readSafely,
        onError,
      });
      return poll();
    },
    async publish(readChanges) {
      await publishKeys(scripts, readChanges, revokedKeptMs);
      await readInTurn();
    },
    close() {
      isClosed = true;
      stopWatching?.();
      clearTimeout(timer);
    },
  };
}

/** A record that can't be read, of a newer version perhaps, must not take the others along. */
function parse(records: readonly string[], onError: (error: unknown) => void): KeyRecord[] {
  return records.flatMap((json) => {
    try {
      return [keyRecordSchema.parse(JSON.parse(json))];
    } catch (error) {
      onError(new Error('a client key or team in Redis can not be read', { cause: error }));
      return [];
    }
  });
}
