import type { ConnectionOptions } from 'node:tls';
import type { DatabaseConfig } from '../config.ts';
import { readDatabaseFiles } from './peer-files.ts';

/** The options of `pg` that concern the way to the database. */
export interface DatabaseConnection {
  /** Holds the password. */
  readonly connectionString: string;
  readonly ssl: ConnectionOptions | false;
  readonly connectionTimeoutMillis: number;
}

/**
 * Returns the options with which `pg` connects to the database.
 *
 * @throws ConfigError that names each file of TLS that can't be used
 */
export function databaseConnection(database: DatabaseConfig): DatabaseConnection {
  const { url, tls, connectTimeoutMs } = readDatabaseFiles(database);
  return {
    connectionString: url.reveal(),
    ssl: sslOf(tls),
    connectionTimeoutMillis: connectTimeoutMs,
  };
}

function sslOf(tls: DatabaseConfig['tls']): DatabaseConnection['ssl'] {
  if (tls === undefined) return false;
  if (tls === true) return {};
  const { ca, cert, key, servername, rejectUnauthorized } = tls;
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(servername === undefined ? {} : { servername }),
    rejectUnauthorized,
  };
}
