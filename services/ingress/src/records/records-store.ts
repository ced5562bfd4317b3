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

/** Creates the store. It loads its code and connects at its first use: most ingresses are never asked. */
export function createRecordsStore({ config, onError }: RecordsStoreNeeds): RecordsStore {
  const { database } = config;
  let opened: Promise<{ readonly api: StoreApi; readonly store: StoreModule.Store }> | undefined;

  async function open(settings: NonNullable<IngressConfig['database']>) {
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

  return {
    async use(work) {
      if (database === undefined) {
        throw new GatewayError('records_unavailable', {
          message: 'No database is configured, so there are no records. The operator sets `database.url`.',
          retryable: false,
        });
      }
      const { api, store } = await (opened ??= openAgain(database));
      try {
        return await work(store.db, api);
      } catch (error) {
        if (error instanceof api.StoreUnavailable) {
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
