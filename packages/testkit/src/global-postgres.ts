import type { TestProject } from 'vitest/node';
import { type PostgresServer, startPostgres } from './postgres/start-postgres.ts';

let server: PostgresServer | undefined;

/** Vitest's global set-up of the project `postgres`: provides one PostgreSQL for the whole run as `postgresUrl`. */
export async function setup(project: TestProject): Promise<void> {
  const given = process.env['SLUICE_TEST_DATABASE_URL'];
  if (given !== undefined && given !== '') {
    project.provide('postgresUrl', given);
    return;
  }
  server = await startPostgres();
  console.log(`PostgreSQL for tests: ${server.title} of this machine at 127.0.0.1:${server.port}`);
  project.provide('postgresUrl', server.url);
}

/** Ends the PostgreSQL if it was started for this run. */
export async function teardown(): Promise<void> {
  await server?.stop();
}
