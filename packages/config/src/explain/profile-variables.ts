import { type CompatName, compatProfiles } from '../compat/read-compat.ts';
import { type ConfigSource, readProfile } from '../load-config.ts';
import { leavesOf } from './leaves.ts';

/**
 * Finds out which variables of a profile decide on which settings: each is left out once, or changed where the profile
 * can't do without it, and what differs then is its doing.
 *
 * @returns names of variables by the names of settings; a setting that is not in it is the profile's own
 */
export function variablesOfProfile(
  name: CompatName,
  { env, readFile }: Pick<ConfigSource, 'env' | 'readFile'>,
): ReadonlyMap<string, readonly string[]> {
  const settingsUnder = (env: ConfigSource['env']): ReturnType<typeof leavesOf> | undefined => {
    const read = readProfile(name, { env, readFile });
    return 'problems' in read ? undefined : leavesOf(read.settings);
  };
  const found = new Map<string, string[]>();
  const usual = settingsUnder(env);
  for (const variable of Object.keys(compatProfiles[name].variables.shape)) {
    const text = env[variable];
    if (usual === undefined || text === undefined || text === '') continue;
    const other = settingsUnder({ ...env, [variable]: undefined }) ?? settingsUnder({ ...env, [variable]: `${text}0` });
    for (const [setting, { value }] of usual) {
      if (other === undefined || isSame(value, other.get(setting)?.value)) continue;
      found.set(setting, [...(found.get(setting) ?? []), variable]);
    }
  }
  return found;
}

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
