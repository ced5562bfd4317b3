import type { PostgresPool, PostgresPoolClient } from 'kysely';
import type pg from 'pg';
import { StoreUnavailable, toStoreError, type UnavailableReason } from './unavailable.ts';

/**
 * Wraps a pool of the driver for kysely. Errors become those of the store, and a connection whose call timed out or broke off
 * is closed instead of reused: its late answer would be taken for that of the next call.
 */
export function guardPool(pool: pg.Pool): PostgresPool {
  return {
    options: pool.options,
    async connect() {
      return guardClient(await pool.connect().catch(rethrow));
    },
    end: () => pool.end(),
  };
}

/** Reasons after which a connection may still be in use, or gone. */
const breaking: ReadonlySet<UnavailableReason> = new Set(['unreachable', 'timeout', 'not_ready', 'read_only']);

function guardClient(client: pg.PoolClient): PostgresPoolClient {
  let isBroken = false;
  // The pool hears the errors of idle connections alone; without this, one that breaks between two calls ends the process.
  const onError = (): void => void (isBroken = true);
  client.on('error', onError);
  const query = async (sql: string, parameters: readonly unknown[]): Promise<unknown> => {
    try {
      return await client.query(sql, [...parameters]);
    } catch (error) {
      const storeError = toStoreError(error);
      isBroken ||= storeError instanceof StoreUnavailable && breaking.has(storeError.reason);
      throw storeError;
    }
  };
  return {
    // Kysely's second form is for cursors, which this dialect has none of.
    query: query as PostgresPoolClient['query'],
    release(mustClose) {
      client.off('error', onError);
      client.release(isBroken || mustClose === true);
    },
  };
}

function rethrow(error: unknown): never {
  throw toStoreError(error);
}
