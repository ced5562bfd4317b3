export interface CredentialRef {
  readonly upstreamId: string;
  readonly credentialId: string;
  /** Model of the upstream that the cooldown applies to; undefined = all models. */
  readonly model?: string | undefined;
}

/** A credential in cooldown, as shown to people. */
export interface CooldownEntry {
  readonly credentialId: string;
  /** Model that the cooldown applies to; undefined = all models of the upstream. */
  readonly model: string | undefined;
  /** Milliseconds until the cooldown ends. */
  readonly remainingMs: number;
  /** True if the provider did not accept the credential. */
  readonly isRefused: boolean;
  /** Kind of the failure that started the cooldown; '' if unknown. */
  readonly reason: string;
}

/** A credential id and a model name may hold any character except a tab. */
const separator = '\t';

/** Returns the field of the cooldown in its upstream's hash: see `cool-down-1.lua`. */
export const fieldOf = ({ credentialId, model }: Pick<CredentialRef, 'credentialId' | 'model'>): string =>
  model === undefined ? credentialId : `${credentialId}${separator}${model}`;

/** Returns whether a field is a cooldown of this credential, for all models or for one. */
export const isFieldOf = (field: string, credentialId: string): boolean =>
  field === credentialId || field.startsWith(`${credentialId}${separator}`);

/** Reads one entry of the hash. Returns no entry if the cooldown has ended or ends after the longest cooldown. */
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
