import { camelCased } from '../camel-case.ts';
import type { ClientKey } from '../config.ts';
import { digestOfHash, digestOfKey } from '../key-digest.ts';
import { keys as keyList } from '../schema/keys.ts';
import type { Settings } from '../schema/settings.ts';

/** Returns the keys of the file, then those of the environment. Only hash and hint of a plain key are kept. */
export function resolveKeys(keys: Settings['keys'], environmentKeys: readonly string[]): ClientKey[] {
  const fromEnvironment = keyList.parse(environmentKeys.map((key, at) => ({ key, name: `env-${at + 1}` })));
  return [...keys, ...fromEnvironment].map(({ key, key_hash, name, ...plain }, at) => ({
    ...camelCased(plain),
    ...identify(key, key_hash),
    name: name ?? `key-${at + 1}`,
  }));
}

function identify(key: string | undefined, hash: string | undefined): Pick<ClientKey, 'id' | 'digest' | 'hint'> {
  const digest = hash === undefined ? digestOfKey(key ?? '') : (digestOfHash(hash) ?? '');
  return { id: digest.slice(0, 16), digest, hint: key === undefined ? undefined : mask(key) };
}

/** Returns the first and last four characters; nothing of a short key, of which they would be most. */
const mask = (key: string): string => (key.length < 12 ? '…' : `${key.slice(0, 4)}…${key.slice(-4)}`);
