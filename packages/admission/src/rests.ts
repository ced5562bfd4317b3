import type { CredentialRef } from './upstream-health.ts';

/** A credential that rests, for people. */
export interface RestEntry {
  readonly credentialId: string;
  /** The one model that the rest is for; undefined = all models of the upstream. */
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

/** Name of the rest within its upstream's hash: see `rest-1.lua`. */
export const fieldOf = ({ credentialId, model }: Pick<CredentialRef, 'credentialId' | 'model'>): string =>
  model === undefined ? credentialId : `${credentialId}${separator}${model}`;

/** Reads one entry of the hash; none when the rest has ended or when its end is further away than rests may be. */
export function readRest({
  field,
  value,
  now,
  maxRestMs,
}: {
  readonly field: string;
  readonly value: string;
  readonly now: number;
  readonly maxRestMs: number;
}): RestEntry[] {
  const [, end, refused, , reason = ''] = /^(\d+)(!?)(\??)(?: (.*))?$/.exec(value) ?? [];
  const remainingMs = Number(end) - now;
  if (!(remainingMs > 0 && remainingMs <= maxRestMs)) return [];
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
