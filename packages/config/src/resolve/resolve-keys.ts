import { camelCased } from '../camel-case.ts';
import type { Budgets } from '@sluice/records';
import type { ClientKey, Config, TeamConfig } from '../config.ts';
import { digestOfHash, digestOfKey } from '../key-digest.ts';
import { toMicros } from '../schema/budgets.ts';
import { keys as keyList } from '../schema/keys.ts';
import type { Settings } from '../schema/settings.ts';

/** Returns the keys of the file, then those of the environment. Only hash and hint of a plain key are kept. */
export function resolveKeys(keys: Settings['keys'], environmentKeys: readonly string[]): ClientKey[] {
  const fromEnvironment = keyList.parse(environmentKeys.map((key, at) => ({ key, name: `env-${at + 1}` })));
  return [...keys, ...fromEnvironment].map(({ key, key_hash, name, budgets, expires_at, ...plain }, at) => ({
    ...camelCased(plain),
    ...(expires_at === undefined ? {} : { expiresAt: Date.parse(expires_at) }),
    budgets: resolveBudgets(budgets),
    ...identify(key, key_hash),
    name: name ?? `key-${at + 1}`,
  }));
}

export const resolveTeams = (teams: Settings['teams']): TeamConfig[] =>
  teams.map(({ name, budgets, ...plain }) => ({
    ...camelCased(plain),
    name: name ?? plain.id,
    budgets: resolveBudgets(budgets),
  }));

export const resolveAuth = ({ oidc }: Settings['auth']): Config['auth'] => ({
  oidc: oidc.map(({ budgets, ...plain }) => ({ ...camelCased(plain), budgets: resolveBudgets(budgets) })),
});

function resolveBudgets({ day_usd, month_usd, total_usd }: Settings['keys'][number]['budgets']): Budgets {
  const given = Object.entries({ day: day_usd, month: month_usd, total: total_usd });
  return Object.fromEntries(given.flatMap(([window, usd]) => (usd === undefined ? [] : [[window, toMicros(usd)]])));
}

function identify(key: string | undefined, hash: string | undefined): Pick<ClientKey, 'id' | 'digest' | 'hint'> {
  const digest = hash === undefined ? digestOfKey(key ?? '') : (digestOfHash(hash) ?? '');
  return { id: digest.slice(0, 16), digest, hint: key === undefined ? undefined : mask(key) };
}

/** Returns the first and last four characters; nothing of a short key, of which they would be most. */
const mask = (key: string): string => (key.length < 12 ? '…' : `${key.slice(0, 4)}…${key.slice(-4)}`);
