import { z } from 'zod';
import { storedKeySchema, teamSchema } from './stored-key.ts';

/** A client key or a team of the database, as the registry in Redis holds it. */
export const keyRecordSchema = z.union([
  z.object({ key: storedKeySchema }),
  z.object({ team: teamSchema }),
  /** Id of a team that does not exist any more. */
  z.object({ removedTeam: z.string() }),
]);
export type KeyRecord = z.infer<typeof keyRecordSchema>;

/** Changes of client keys and teams in the database, up to a revision. */
export interface KeyChanges {
  /** Identity of the database: another one has other keys. */
  readonly database: string;
  readonly revision: number;
  /** All records there are, instead of those after the revision that was asked for. */
  readonly isWhole: boolean;
  readonly records: readonly { readonly revision: number; readonly record: KeyRecord }[];
}
