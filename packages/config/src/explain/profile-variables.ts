import { ConfigError } from '../config-error.ts';
import { type ConfigSource, loadLayers } from '../load-config.ts';
import { type Leaf, leavesOf } from './leaves.ts';

/**
 * Finds out which variables of a profile decide on which settings: each is left out once, or changed where the profile
 * can't do without it, and what differs then is its doing.
 *
 * @param source of a configuration without problems
 * @returns names of variables by the names of settings; a setting that is not in it is the profile's own
 */
export function variablesOfProfile(
  name: string,
  source: ConfigSource,
  usual: ReadonlyMap<string, Leaf>,
): ReadonlyMap<string, readonly string[]> {
  const { env, profiles } = source;
  const found = new Map<string, string[]>();
  for (const variable of Object.keys(profiles?.byName[name]?.variables.shape ?? {})) {
    const text = env[variable];
    if (text === undefined || text === '') continue;
    const other =
      settingsUnder(source, { ...env, [variable]: undefined }) ??
      settingsUnder(source, { ...env, [variable]: `${text}0` });
    for (const [setting, { value }] of usual) {
      if (other === undefined || isSame(value, other.get(setting)?.value)) continue;
      found.set(setting, [...(found.get(setting) ?? []), variable]);
    }
  }
  return found;
}

/** @returns undefined for an environment that the profile refuses */
function settingsUnder(source: ConfigSource, env: ConfigSource['env']): ReadonlyMap<string, Leaf> | undefined {
  try {
    return leavesOf(loadLayers({ ...source, env, isKeyRequired: false }).given);
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
