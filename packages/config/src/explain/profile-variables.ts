import { ConfigError } from '../config-error.ts';
import { type ConfigSource, loadLayers } from '../load-config.ts';
import { type Leaf, leavesOf } from './leaves.ts';

/**
 * Finds the variables of a profile that decide on each setting: the profile is evaluated once without each variable, or
 * with a changed value if the variable is required; the settings that differ depend on it.
 *
 * @param source of a configuration without problems
 * @returns names of variables by the names of settings; an absent setting depends on the profile only
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
