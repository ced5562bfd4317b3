import type { DatabaseConnection } from '@sluice/config';
import { Client } from 'pg';
import { z } from 'zod';

/** The state of the database, as far as its user may see it. */
export type DatabaseFacts = DatabaseAway | DatabaseThere;

export interface DatabaseAway {
  readonly kind: 'away';
  /** Five characters of PostgreSQL (`28P01`), that of the system (`ECONNREFUSED`), or empty. */
  readonly code: string;
  readonly reason: string;
}

export interface DatabaseThere {
  readonly kind: 'there';
  /** As in `15.18 (Debian 15.18-0)`. */
  readonly version: string;
  /** True if it is a replica, which takes no writes. */
  readonly isReplica: boolean;
  /** True if the user may create tables. */
  readonly canCreate: boolean;
}

const question = `SELECT current_setting('server_version') AS version, pg_is_in_recovery() AS "isReplica",
  coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS "canCreate"`;
const answer = z.tuple([z.object({ version: z.string(), isReplica: z.boolean(), canCreate: z.boolean() })]);

/** Examines the database through one connection. Changes nothing. */
export async function askDatabase(connection: DatabaseConnection): Promise<DatabaseFacts> {
  const client = new Client({ ...connection, query_timeout: connection.connectionTimeoutMillis });
  // A server that ends meanwhile emits an error, which the calls below report too.
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query(question);
    return { kind: 'there', ...answer.parse(rows)[0] };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    // A name with several addresses fails with an AggregateError: a code without a message.
    const reason = error instanceof Error && error.message !== '' ? error.message : code;
    return { kind: 'away', code, reason };
  } finally {
    await client.end().catch(() => {});
  }
}
