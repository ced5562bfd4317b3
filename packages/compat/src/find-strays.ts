import type { Profile } from '@sluice/config';
import { profilesByName } from './profiles.ts';

/** Names that other programs use too: alone they say nothing of a gateway. */
const common: ReadonlySet<string> = new Set(['TYPE', 'ENABLED', 'USER_ID', 'DATABASE_URL', 'DEBUG_MODE', 'PROXY_URL']);
const mostNamed = 4;

/**
 * Says that variables of another gateway are set, but not read.
 *
 * @param env without variables that are empty
 */
export function findStrays(env: Readonly<Record<string, string | undefined>>): string[] {
  const found = Object.entries(profilesByName)
    .map(([name, profile]) => ({ name, set: setOf(profile, env) }))
    .filter(({ set }) => set.some((variable) => !common.has(variable)));
  const most = Math.max(...found.map(({ set }) => set.length));
  const [best, ...others] = found.filter(({ set }) => set.length === most);
  if (best === undefined) return [];
  const { set } = best;
  const more = set.length > mostNamed ? ` and ${set.length - mostNamed} more` : '';
  const names = [best, ...others].map(({ name }) => `SLUICE_COMPAT=${name}`).join(' or ');
  return [
    `${set.slice(0, mostNamed).join(', ')}${more} ${set.length === 1 ? 'is' : 'are'} set, but not read: to stand in for the gateway that knows ${set.length === 1 ? 'it' : 'them'}, set ${names}`,
  ];
}

const setOf = ({ variables }: Profile, env: Readonly<Record<string, string | undefined>>): string[] =>
  Object.keys(variables.shape).filter((variable) => env[variable] !== undefined);
