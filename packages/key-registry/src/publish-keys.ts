import { randomUUID } from 'node:crypto';
import type { KeyChanges, KeyRecord } from '@sluice/records';
import type { RegistryScripts } from './scripts.ts';

/**
 * Reads the changes after a revision; all records if the database is another one, if it has not got so far (it was restored
 * from a backup), or if no revision is given.
 */
export type ReadKeyChanges = (
  since: { readonly database: string; readonly revision: number } | undefined,
) => Promise<KeyChanges>;

/** Another process publishes the same at once; each round one of them succeeds. */
const mostRounds = 20;

/**
 * Publishes what the database has and Redis has not. So one call repairs everything: a change whose process died before it
 * was published, and a Redis that has lost its data.
 * @param revokedKeptMs time for which Redis keeps that a key is revoked or a team removed
 * @throws the errors of Redis and of `readChanges`
 */
export async function publishKeys(
  scripts: RegistryScripts,
  readChanges: ReadKeyChanges,
  revokedKeptMs: number,
): Promise<void> {
  for (let round = 0; round < mostRounds; round++) {
    const found = await scripts.state();
    const changes = await readChanges(
      found === undefined ? undefined : { database: databaseOf(found.source), revision: found.revision },
    );
    const isPublished = await scripts.publish({
      found,
      newSource: changes.isWhole ? `${changes.database}#${randomUUID()}` : undefined,
      revision: changes.revision,
      records: changes.records.map(({ revision, record }) => ({
        id: idOf(record),
        revision,
        keptMs: isGone(record) ? revokedKeptMs : undefined,
        json: JSON.stringify(record),
      })),
    });
    if (isPublished) return;
  }
  throw new Error('the client keys can not be published: other processes publish all the time');
}

const databaseOf = (source: string): string => source.split('#', 1)[0] ?? '';

const isGone = (record: KeyRecord): boolean => ('key' in record ? record.key.isRevoked : 'removedTeam' in record);

function idOf(record: KeyRecord): string {
  if ('key' in record) return `key:${record.key.id}`;
  return `team:${'team' in record ? record.team.id : record.removedTeam}`;
}
