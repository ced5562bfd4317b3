import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { afterFile } from '../endings/after-file.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** URL of the PostgreSQL that the files of the project `postgres` share; its user may create databases. */
    readonly postgresUrl: string;
  }
}

/**
 * Creates an empty database for a test file and returns its URL. The database goes after the file, with the connections
 * that are left to it. `server` is the URL of a server of the test's own; default: the one that all `*.postgres.test.ts`
 * share.
 */
export async function createTestDatabase(server = providedUrl()): Promise<string> {
  const name = `t_${randomBytes(6).toString('hex')}`;
  await execute(server, `create database ${name}`);
  afterFile(() => execute(server, `drop database if exists ${name} with (force)`));
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

function providedUrl(): string {
  const url = inject('postgresUrl') as string | undefined;
  if (url === undefined) {
    throw new Error(
      'A test that uses the shared PostgreSQL belongs in a *.postgres.test.ts file. Others start their own.',
    );
  }
  return url;
}

async function execute(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
