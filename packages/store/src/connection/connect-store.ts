import type { ConnectionOptions } from 'node:tls';
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { Tables } from '../tables.ts';
import { columnTypes } from './column-types.ts';
import { guardPool } from './guard-pool.ts';
import { StoreUnavailable, toStoreError } from './unavailable.ts';

export interface StoreOptions {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string;
  /** TLS of the connection; absent: it is not encrypted. */
  readonly ssl?: ConnectionOptions | false;
  /** Most connections at once. */
  readonly poolSize: number;
  /** Most time of one statement. A server that has stopped answering costs as much, and its connection. */
  readonly statementTimeoutMs: number;
  /** Most time until there is a connection, new or free. */
  readonly connectTimeoutMs: number;
  /** Called with the error of an idle connection that breaks off. The next call opens another. */
  readonly onError: (error: unknown) => void;
  /** Shown in `pg_stat_activity`; default `sluice`. */
  readonly applicationName?: string;
}

/** A connection to the database of records. */
export interface Store {
  /** The typed query builder. What the database can't answer now throws StoreUnavailable. */
  readonly db: Kysely<Tables>;
  /** Ends all connections, after the running calls. */
  close(): Promise<void>;
}

/** Time after which an unused connection is closed. */
const idleTimeoutMs = 60_000;
/** The client waits this much longer than the server, whose own message says more. */
const answerAllowanceMs = 1000;
const keepAliveDelayMs = 10_000;

/**
 * Returns a store that connects at its first call.
 * @throws StoreUnavailable if the URL can't be understood; the message does not repeat it
 */
export function connectStore(options: StoreOptions): Store {
  const {
    url,
    ssl = false,
    poolSize,
    statementTimeoutMs,
    connectTimeoutMs,
    onError,
    applicationName = 'sluice',
  } = options;
  checkUrl(url);
  const pool = new pg.Pool({
    connectionString: url,
    ssl,
    max: poolSize,
    connectionTimeoutMillis: connectTimeoutMs,
    idleTimeoutMillis: idleTimeoutMs,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + answerAllowanceMs,
    idle_in_transaction_session_timeout: statementTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveDelayMs,
    application_name: applicationName,
    // Compiling a statement over thirty days of the request log takes a second, and its run some milliseconds.
    options: '-c jit=off',
    types: columnTypes,
  });
  pool.on('error', (error) => onError(toStoreError(error)));
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: guardPool(pool) }) });
  let closing: Promise<void> | undefined;
  return {
    db,
    // Kysely ends the pool only after a first call.
    close: () => (closing ??= db.destroy().then(() => (pool.ended ? undefined : pool.end()))),
  };
}

/** The driver parses the URL at the first call, and its error repeats the URL with the password. */
export function checkUrl(url: string): void {
  try {
    // The constructor parses and does not connect.
    void new pg.Client({ connectionString: url });
  } catch {
    throw new StoreUnavailable('refused', 'its URL must look like postgres://user:password@host:5432/database');
  }
}
