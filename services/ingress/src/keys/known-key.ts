import { BlockList, isIP } from 'node:net';
import type { Config } from '@sluice/config';
import type { StoredKey, Team } from '@sluice/records';
import type { Principal, PrincipalTeam } from '../context.ts';

/** The settings of a client key of the file that a request needs. */
export type AcceptedKey = Pick<
  Config['keys'][number],
  | 'id'
  | 'digest'
  | 'name'
  | 'hint'
  | 'anonymous'
  | 'admin'
  | 'models'
  | 'limits'
  | 'weight'
  | 'thinking'
  | 'budgets'
  | 'team'
  | 'owner'
  | 'tags'
  | 'expiresAt'
  | 'allowedAddresses'
  | 'logBodies'
>;

/** A secret that opens a client key, as `authenticate` finds it. */
export interface KnownKey {
  /** SHA-256 of the secret. */
  readonly digest: Buffer;
  readonly principal: Principal;
  readonly isAdmin: boolean;
  readonly isRevoked: boolean;
  /** Its team exists nowhere, so that nothing holds the limits that were meant for it. */
  readonly lacksTeam: boolean;
  /** Milliseconds since 1970; Infinity = never. */
  readonly expiresAt: number;
  /** Addresses from which it may be used; undefined = all. */
  readonly addresses: AddressList | undefined;
}

/** Returns whether an address is in the list. */
export type AddressList = (address: string | undefined) => boolean;

/** @param team the team that the key names; undefined if it names none, or there is no such team */
export function toKnownKey(key: AcceptedKey, team: PrincipalTeam | undefined): KnownKey {
  const { id, digest, name, hint, anonymous, models, limits, weight, thinking, budgets, owner, tags } = key;
  return {
    digest: Buffer.from(digest, 'hex'),
    principal: {
      keyId: id,
      name,
      hint,
      isAnonymous: anonymous !== undefined,
      models,
      limits,
      weight,
      thinking,
      budgets,
      team,
      owner,
      tags,
      mayLogBodies: key.logBodies,
    },
    isAdmin: key.admin,
    isRevoked: false,
    lacksTeam: key.team !== undefined && team === undefined,
    expiresAt: key.expiresAt ?? Infinity,
    addresses: toAddressList(key.allowedAddresses),
  };
}

/** Returns the secrets of a key of the database. */
export function toKnownKeys(key: StoredKey, team: PrincipalTeam | undefined): KnownKey[] {
  const addresses = toAddressList(key.allowedAddresses);
  return key.secrets.map(({ digest, hint, expiresAt = Infinity }) => ({
    digest: Buffer.from(digest, 'hex'),
    principal: {
      keyId: key.id,
      name: key.name,
      hint,
      isAnonymous: false,
      models: key.models,
      limits: withoutAbsent(key.limits),
      weight: key.weight,
      thinking: undefined,
      budgets: key.budgets,
      team,
      owner: key.owner,
      tags: key.tags,
      mayLogBodies: key.mayLogBodies,
    },
    isAdmin: key.admin,
    isRevoked: key.isRevoked,
    lacksTeam: key.teamId !== undefined && team === undefined,
    expiresAt: Math.min(expiresAt, key.expiresAt ?? Infinity),
    addresses,
  }));
}

export const toPrincipalTeam = ({ id, models, limits, budgets }: Team | Config['teams'][number]): PrincipalTeam => ({
  id,
  models,
  limits: withoutAbsent(limits),
  budgets,
});

/** Drops undefined limits, which the types of the configuration do not have. */
function withoutAbsent({ concurrency, rpm, rpmBurst, tpm, tpmBurst }: Team['limits']): Principal['limits'] {
  return {
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(rpm === undefined ? {} : { rpm }),
    ...(rpmBurst === undefined ? {} : { rpmBurst }),
    ...(tpm === undefined ? {} : { tpm }),
    ...(tpmBurst === undefined ? {} : { tpmBurst }),
  };
}

function toAddressList(entries: readonly string[]): AddressList | undefined {
  if (entries.length === 0) return undefined;
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', bits] = entry.split('/');
    const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return (address = '') => {
    // A socket of both families shows an IPv4 client as `::ffff:192.0.2.7`.
    const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
    const version = isIP(plain);
    return version !== 0 && list.check(plain, version === 4 ? 'ipv4' : 'ipv6');
  };
}
