import { setTimeout as pause } from 'node:timers/promises';
import type { IngressConfig } from '@sluice/config';
import { GatewayError } from '@sluice/protocol';
import type * as StoreModule from '@sluice/store';
import { databaseAccess } from '../recorder/recorder-settings.ts';

type StoreApi = typeof StoreModule;
type Db = StoreModule.Store['db'];

/** The database of the records, for pages and conversations. Requests to models do not wait for it. */
export interface RecordsStore {
  /**
   * Runs statements.
   * @throws GatewayError 503 `records_unavailable` if no database is configured, or if it can't answer now; 400
   *   `invalid_value` if it refuses a value, such as a text with a zero byte
   */
  use<Result>(work: (db: Db, api: StoreApi) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

export interface RecordsStoreNeeds {
  readonly config: Pick<IngressConfig, 'database'>;
  /** Called with the error of an idle connection. */
  readonly onError: (error: unknown) => void;
}

/** A call waits this long for the migrations of a start, which another thread or replica applies. */
const migrationWaitMs = 10_000;
const migrationPollMs = 100;

/** Creates the store. It loads its code and connects at its first use: most ingresses are never asked. */
export function createRecordsStore({ config, onError }: RecordsStoreNeeds): RecordsStore {
  const { database } = config;
  let opened: Promise<Opened> | undefined;
  let migrated: Promise<void> | undefined;

  async function open(settings: NonNullable<IngressConfig['database']>): Promise<Opened> {
    const api = await import('@sluice/store');
    const options = { ...databaseAccess(settings), poolSize: settings.poolSize, onError };
    return { api, store: api.connectStore({ ...options, applicationName: 'sluice ingress' }) };
  }

  /** A certificate that can't be read now may be there at the next call. */
  const openAgain: typeof open = (settings) =>
    open(settings).catch((error: unknown) => {
      opened = undefined;
      throw error;
    });

  /** Waits once for all calls; after a failure the next call waits again. */
  const untilMigratedOnce = (at: Opened): Promise<void> =>
    (migrated ??= untilMigrated(at).catch((error: unknown) => {
      migrated = undefined;
      throw error;
    }));

  return {
    async use(work) {
      if (database === undefined) {
        throw new GatewayError('records_unavailable', {
          message: 'No database is configured, so there are no records. The operator sets `database.url`.',
          retryable: false,
        });
      }
      const at = await (opened ??= openAgain(database));
      const { api, store } = at;
      try {
        await untilMigratedOnce(at);
        return await work(store.db, api);
      } catch (error) {
        if (error instanceof api.StoreUnavailable) {
          // The database may have been replaced by an empty one.
          if (error.reason === 'not_migrated') migrated = undefined;
          throw new GatewayError('records_unavailable', { retryAfterMs: 1000, cause: error });
        }
        if (!api.isRefusedData(error)) throw error;
        throw new GatewayError('invalid_value', {
          message: 'The database refuses a value of this request: it has a zero byte, is too long, or is out of range.',
          cause: error,
        });
      }
    },
    async close() {
      const { store } = (await opened?.catch(() => undefined)) ?? {};
      await store?.close();
    },
  };
}

interface Opened {
  readonly api: StoreApi;
  readonly store: StoreModule.Store;
}

/** @throws StoreUnavailable if the migrations take longer than a client waits, or if the database does not answer */
async function untilMigrated({ api, store }: Opened): Promise<void> {
  const endsAt = performance.now() + migrationWaitMs;
  while (!(await api.isMigrated(store.db))) {
    if (performance.now() > endsAt) throw new api.StoreUnavailable('not_migrated', 'its migrations have not run');
    await pause(migrationPollMs);
  }
}
