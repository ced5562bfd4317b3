import { defineScript, type Keys, type RedisConnection } from '@sluice/redis';
import { z } from 'zod';

/** The state of the registry that a process has. */
export interface RegistryState {
  /** Name of one publication of all records; changes follow it. Begins with the id of the database. */
  readonly source: string;
  readonly revision: number;
}

/** Reply of `read-3.lua`; undefined if Redis has no records. */
export interface ReadReply extends RegistryState {
  readonly isWhole: boolean;
  /** JSON of each record. */
  readonly records: readonly string[];
}

export interface Publication {
  readonly found: RegistryState | undefined;
  /** Source, if the records replace what is there. */
  readonly newSource: string | undefined;
  readonly revision: number;
  readonly records: readonly PublishedRecord[];
}

export interface PublishedRecord {
  readonly id: string;
  readonly revision: number;
  /** Time for which the record of something that is gone stays; undefined for what exists. */
  readonly keptMs: number | undefined;
  readonly json: string;
}

/** Scripts of the registry with named arguments. The header of each Lua file defines its guarantees. */
export interface RegistryScripts {
  read(known: RegistryState | undefined): Promise<ReadReply | undefined>;
  /** Returns false if the state has changed meanwhile. */
  publish(publication: Publication): Promise<boolean>;
  state(): Promise<RegistryState | undefined>;
}

const replySchema = z.union([
  z.tuple([]),
  z.tuple([z.string(), z.number()]),
  z.tuple([z.string(), z.number(), z.number()], z.string()),
]);

const read = defineScript(new URL('../lua/read-3.lua', import.meta.url), (reply): ReadReply | undefined => {
  const [source, revision, isWhole, ...records] = replySchema.parse(reply);
  if (source === undefined || revision === undefined) return undefined;
  return { source, revision, isWhole: isWhole === 1, records };
});
const publish = defineScript(new URL('../lua/publish-5.lua', import.meta.url), (reply) => reply === 1);

/** Every publication, at least one in ten seconds while a database answers, begins this time again. */
const keepMs = 30 * 24 * 3_600_000;

export function createRegistryScripts(connection: RedisConnection, keys: Keys): RegistryScripts {
  const { registryState, registryRevisions, registryRecords, registryTombstones, registryChanges } = keys;
  const names = [registryState, registryRevisions, registryRecords];
  return {
    read: (known) => read.run(connection, names, [known?.source ?? '', known?.revision ?? 0]),
    publish: ({ found, newSource, revision, records }) =>
      publish.run(
        connection,
        [...names, registryTombstones, registryChanges],
        [
          found?.source ?? '',
          newSource ?? '',
          found?.revision ?? 0,
          revision,
          keepMs,
          ...records.flatMap(({ id, revision: changed, keptMs = 0, json }) => [id, changed, keptMs, json]),
        ],
      ),
    async state() {
      const [source, revision] = await connection.hmget(registryState, 'source', 'revision');
      return typeof source === 'string' ? { source, revision: Number(revision) } : undefined;
    },
  };
}
