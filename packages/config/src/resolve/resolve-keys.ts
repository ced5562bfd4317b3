import type { ClientKey } from '../config.ts';
import { digestOfHash, digestOfKey } from '../key-digest.ts';
import type { Settings } from '../schema/settings.ts';

const noLimits = { concurrency: undefined, rpm: undefined, rpmBurst: undefined, tpm: undefined, tpmBurst: undefined };

/** Returns the keys of the file, then those of the environment. Only hash and hint of a plain key are kept. */
export function resolveKeys(keys: Settings['keys'], environmentKeys: readonly string[]): ClientKey[] {
  const fromFile = keys.map(({ key, key_hash, anonymous, name, admin, models, limits, weight, thinking }, at) => ({
    ...identify(key, key_hash),
    name: name ?? `key-${at + 1}`,
    anonymous,
    admin,
    models,
    limits: {
      concurrency: limits.concurrency,
      rpm: limits.rpm,
      rpmBurst: limits.rpm_burst,
      tpm: limits.tpm,
      tpmBurst: limits.tpm_burst,
    },
    weight,
    thinking,
  }));
  const fromEnvironment = environmentKeys.map((key, at) => ({
    ...identify(key, undefined),
    name: `env-${at + 1}`,
    anonymous: undefined,
    admin: false,
    models: ['*'],
    limits: { ...noLimits },
    weight: 1,
    thinking: undefined,
  }));
  return [...fromFile, ...fromEnvironment];
}

function identify(key: string | undefined, hash: string | undefined): Pick<ClientKey, 'id' | 'digest' | 'hint'> {
  const digest = hash === undefined ? digestOfKey(key ?? '') : (digestOfHash(hash) ?? '');
  return { id: digest.slice(0, 16), digest, hint: key === undefined ? undefined : mask(key) };
}

/** Returns the first and last four characters; nothing of a short key, of which they would be most. */
const mask = (key: string): string => (key.length < 12 ? '…' : `${key.slice(0, 4)}…${key.slice(-4)}`);
