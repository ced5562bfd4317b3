import { hash, timingSafeEqual } from 'node:crypto';
import type { Config } from '@sluice/config';
import { type AcceptedKey, type KnownKey, toKnownKey, toPrincipalTeam } from './known-key.ts';

/** All client keys that this process knows, in memory. */
export interface KnownKeys {
  /**
   * Returns the key of this secret. The first 8 bytes of its SHA-256 find the key, and the whole is compared in constant
   * time.
   */
  find(secret: string): KnownKey | undefined;
  /** The key of clients without a valid key, if there is one, and whether it takes wrong keys too. */
  readonly anonymous: { readonly key: KnownKey; readonly takesWrongKeys: boolean } | undefined;
}

export interface KnownKeysNeeds {
  readonly keys: readonly AcceptedKey[];
  readonly teams: Config['teams'];
}

export function createKnownKeys({ keys, teams }: KnownKeysNeeds): KnownKeys {
  const teamsById = new Map(teams.map((team) => [team.id, toPrincipalTeam(team)]));
  const known = (key: AcceptedKey): KnownKey =>
    toKnownKey(key, key.team === undefined ? undefined : teamsById.get(key.team));
  const bySecret = new Map(keys.map((key) => [key.id, known(key)]));
  const open = keys.find((key) => key.anonymous !== undefined);
  return {
    find(secret) {
      const digest = hash('sha256', secret, 'buffer');
      const candidate = bySecret.get(digest.toString('hex', 0, 8));
      return candidate !== undefined && timingSafeEqual(candidate.digest, digest) ? candidate : undefined;
    },
    anonymous: open === undefined ? undefined : { key: known(open), takesWrongKeys: open.anonymous === 'any_key' },
  };
}
