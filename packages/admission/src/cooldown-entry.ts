import type { CredentialRef } from './upstream-health.ts';

/** A credential that is in cooldown, for people. */
export interface CooldownEntry {
  readonly credentialId: string;
  /** The one model that the cooldown is for; undefined = all models of the upstream. */
  readonly model: string | undefined;
  /** Milliseconds until it ends. */
  readonly remainingMs: number;
  /** The provider did not accept the credential. */
  readonly isRefused: boolean;
  /** Kind of the failure that caused it; '' when nothing is known of it. */
  readonly reason: string;
}

/** A model's name may hold any character that a credential's id may, but a tab. */
const separator = '\t';

/** Name of the cooldown within its upstream's hash: see `cool-down-1.lua`. */
export const fieldOf = ({ credentialId, model }: Pick<CredentialRef, 'credentialId' | 'model'>): string =>
  model === undefined ? credentialId : `${credentialId}${separator}${model}`;

/** Reads one entry of the hash; none when the cooldown has ended or when its end is further away than cooldowns may be. */
export function readCooldown({
  field,
  value,
  now,
  maxCooldownMs,
}: {
  readonly field: string;
  readonly value: string;
  readonly now: number;
  readonly maxCooldownMs: number;
}): CooldownEntry[] {
  const [, end, refused, , reason = ''] = /^(\d+)(!?)(\??)(?: (.*))?$/.exec(value) ?? [];
  const remainingMs = Number(end) - now;
  if (!(remainingMs > 0 && remainingMs <= maxCooldownMs)) return [];
  const at = field.indexOf(separator);
  return [
    {
      credentialId: at === -1 ? field : field.slice(0, at),
      model: at === -1 ? undefined : field.slice(at + 1),
      remainingMs,
      isRefused: refused === '!',
      reason,
    },
  ];
}
