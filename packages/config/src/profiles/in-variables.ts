import type { ConfigProblem } from '../config-error.ts';
import type { ProfileNames } from './profile.ts';

/**
 * Translates a problem for the user of a profile: names of the profile's variables replace those of settings, because a
 * profile forbids a file.
 */
export function inVariables({ path, message }: ConfigProblem, { settings }: ProfileNames): ConfigProblem {
  const origin = Object.entries(settings)
    .filter(([setting]) => path === setting || path.startsWith(`${setting}.`) || path.startsWith(`${setting}[`))
    .toSorted(([one], [other]) => other.length - one.length)[0];
  return { path: origin?.[1] ?? path, message: replaceNames(message, settings) };
}

/** Replaces names of settings in a message, as in "must not be above random_delay_max_ms". */
function replaceNames(message: string, settings: ProfileNames['settings']): string {
  const names = new Map(Object.entries(settings).map(([path, variable]) => [path.split('.').at(-1), variable]));
  return message.replaceAll(/\b[a-z]+(?:_[a-z]+)+\b/g, (word) => names.get(word) ?? word);
}
