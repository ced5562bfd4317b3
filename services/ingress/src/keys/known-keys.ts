import { hash, timingSafeEqual } from 'node:crypto';
import type { Config } from '@sluice/config';
import { type KeyRecord, revokedKeptMs, type StoredKey } from '@sluice/records';
import type { PrincipalTeam } from '../context.ts';
import { type AcceptedKey, type KnownKey, toKnownKey, toKnownKeys, toPrincipalTeam } from './known-key.ts';

/** All client keys that this process knows, in memory: those of the file, which never change, and those of the database. */
export interface KnownKeys {
  /**
   * Returns the key of this secret. The first 8 bytes of its SHA-256 find the key, and the whole is compared in constant
   * time.
   */
  find(secret: string): KnownKey | undefined;
  /** False until the keys of the database were read once: an unknown key may be one of them. */
  isComplete(): boolean;
  /** The key of clients without a valid key, if there is one, and whether it takes wrong keys too. */
  readonly anonymous: { readonly key: KnownKey; readonly takesWrongKeys: boolean } | undefined;
}

/** The same with the ways to change it. */
export interface KeyMemory extends KnownKeys {
  /**
   * Takes records of the database over; `isWhole`: they replace all those before.
   * @returns ids of keys that were revoked now, and whose running streams must end
   */
  apply(records: readonly KeyRecord[], isWhole: boolean): readonly string[];
  /** Forgets keys that were revoked long ago: their secrets become unknown. `at`: milliseconds since 1970. */
  forgetRevoked(at: number): void;
  /** Returns the team of the file or of the database with this id; that of the file counts. */
  findTeam(id: string): PrincipalTeam | undefined;
}

export interface KnownKeysNeeds {
  readonly keys: readonly AcceptedKey[];
  readonly teams: Config['teams'];
  /** Absent: the keys of the file are all there are. */
  readonly database?: object | undefined;
}

const prefixOf = (digest: Buffer): string => digest.toString('hex', 0, 8);

export function createKnownKeys({ keys, teams, database }: KnownKeysNeeds): KeyMemory {
  const fileTeams = new Map(teams.map((team) => [team.id, toPrincipalTeam(team)]));
  const storedTeams = new Map<string, PrincipalTeam>();
  const stored = new Map<string, StoredKey>();
  const findTeam = (id: string): PrincipalTeam | undefined => fileTeams.get(id) ?? storedTeams.get(id);
  const teamOf = (id: string | undefined): PrincipalTeam | undefined => (id === undefined ? undefined : findTeam(id));
  const ofFile = new Map(keys.map((key) => [key.id, toKnownKey(key, teamOf(key.team))]));
  let bySecret: ReadonlyMap<string, KnownKey> = ofFile;
  let isComplete = database === undefined;
  const open = keys.find((key) => key.anonymous !== undefined);

  /** A key of the file counts before one of the database with the same secret. */
  function index(): void {
    const ofDatabase = [...stored.values()].flatMap((key) => toKnownKeys(key, teamOf(key.teamId)));
    bySecret = new Map([...ofDatabase.map((known) => [prefixOf(known.digest), known] as const), ...ofFile]);
  }

  function take(record: KeyRecord): string | undefined {
    if ('key' in record) {
      const { key } = record;
      const before = stored.get(key.id);
      stored.set(key.id, key);
      const ends = key.isRevoked && key.endsStreams;
      return ends && !(before?.isRevoked === true && before.endsStreams) ? key.id : undefined;
    }
    if ('team' in record) storedTeams.set(record.team.id, toPrincipalTeam(record.team));
    else storedTeams.delete(record.removedTeam);
    return undefined;
  }

  return {
    find(secret) {
      const digest = hash('sha256', secret, 'buffer');
      const candidate = bySecret.get(prefixOf(digest));
      return candidate !== undefined && timingSafeEqual(candidate.digest, digest) ? candidate : undefined;
    },
    isComplete: () => isComplete,
    anonymous:
      open === undefined
        ? undefined
        : { key: toKnownKey(open, teamOf(open.team)), takesWrongKeys: open.anonymous === 'any_key' },
    apply(records, isWhole) {
      if (isWhole) {
        isComplete = true;
        stored.clear();
        storedTeams.clear();
      }
      const ended = records.flatMap((record) => take(record) ?? []);
      index();
      return ended;
    },
    forgetRevoked(at) {
      const sizeBefore = stored.size;
      for (const [id, { revokedAt = Infinity }] of stored) if (revokedAt + revokedKeptMs <= at) stored.delete(id);
      if (stored.size < sizeBefore) index();
    },
    findTeam,
  };
}
