import type { DatabaseConnection } from '@sluice/config';
import { Client } from 'pg';
import { z } from 'zod';
import { parsePostgresVersion, type PostgresVersion } from './version.ts';

const shownVersion = z.tuple([z.object({ server_version: z.string() })]);

/**
 * Connects to a database and reads the version of its server.
 *
 * @throws Error of `pg` or of the network
 */
export async function inspectDatabase(connection: DatabaseConnection): Promise<PostgresVersion | undefined> {
  const client = new Client({ ...connection, query_timeout: connection.connectionTimeoutMillis });
  // A server that ends meanwhile emits an error, which the calls below report too.
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query('SHOW server_version');
    const [{ server_version: version }] = shownVersion.parse(rows);
    return parsePostgresVersion(version);
  } finally {
    await client.end().catch(() => {});
  }
}

/** Returns the code of an error: five characters of PostgreSQL (`28P01`), or that of the system (`ECONNREFUSED`). */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
