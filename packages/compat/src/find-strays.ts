import type { Profile } from '@sluice/config';
import { profilesByName } from './profiles.ts';

/** Names that other programs use too: alone they do not indicate a gateway. */
const common: ReadonlySet<string> = new Set(['TYPE', 'ENABLED', 'USER_ID', 'DATABASE_URL', 'DEBUG_MODE', 'PROXY_URL']);
const mostNamed = 4;

/**
 * Returns a warning if variables of another gateway are set but not read.
 *
 * @param env environment without empty variables
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
    `${set.slice(0, mostNamed).join(', ')}${more} ${set.length === 1 ? 'is' : 'are'} set, but not read: to replace the gateway that has ${set.length === 1 ? 'this variable' : 'these variables'}, set ${names}`,
  ];
}

const setOf = ({ variables }: Profile, env: Readonly<Record<string, string | undefined>>): string[] =>
  Object.keys(variables.shape).filter((variable) => env[variable] !== undefined);
