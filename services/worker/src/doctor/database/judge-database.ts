import { type Check, ok, problem } from '../check.ts';
import type { DatabaseAway, DatabaseFacts } from './ask-database.ts';

const oldestMajor = 15;

/** @param place host and port, for messages */
export function judgeDatabase(facts: DatabaseFacts, place: string): Check[] {
  if (facts.kind === 'away') return [explainAway(facts, place)];
  const { version, isReplica, canCreate } = facts;
  const name = `PostgreSQL ${version.split(' ')[0]}`;
  const isOld = Number.parseInt(version, 10) < oldestMajor;
  return [
    isOld
      ? problem('database.version', `${name} answers at ${place}; it is too old.`, `Use ${oldestMajor} or newer.`)
      : ok('database.version', `${name} answers at ${place}.`),
    judgeRights(isReplica, canCreate),
  ];
}

function judgeRights(isReplica: boolean, canCreate: boolean): Check {
  const id = 'database.rights';
  if (isReplica) {
    return problem(
      id,
      'This PostgreSQL is a replica and takes no writes.',
      'Point database.url to the primary server.',
    );
  }
  if (canCreate) return ok(id, 'The user of the database may create tables.');
  return problem(
    id,
    'The user of the database may not create tables, so that migrations fail.',
    'Make it the owner of the database, or grant it CREATE on its schema.',
  );
}

/** Class 28 of the codes of PostgreSQL: invalid authorization. */
const isRefusal = (code: string): boolean => /^28\w{3}$/.test(code);

function explainAway({ code, reason }: DatabaseAway, place: string): Check {
  if (isRefusal(code)) {
    return problem(
      'database.login',
      `PostgreSQL at ${place} refuses the user: ${reason}.`,
      'Correct user and password in database.url (DATABASE_URL), or pg_hba.conf of the server.',
    );
  }
  const advice =
    'Correct database.url (DATABASE_URL), or start the server. Requests are answered without it; their records wait in Redis.';
  return problem('database.connect', `There is no usable database at ${place}: ${reason}.`, advice);
}
