import type { ConfigProblem } from '../config-error.ts';
import type { ProfileNames } from './profile.ts';

/**
 * Says what is wrong in the words of a profile's user: the variables that they set, in place of the settings of a file
 * that the profile forbids.
 */
export function inVariables({ path, message }: ConfigProblem, { settings }: ProfileNames): ConfigProblem {
  const origin = Object.entries(settings)
    .filter(([setting]) => path === setting || path.startsWith(`${setting}.`) || path.startsWith(`${setting}[`))
    .toSorted(([one], [other]) => other.length - one.length)[0];
  return { path: origin?.[1] ?? path, message: replaceNames(message, settings) };
}

/** A check of two settings names the other one by its last word, as in "must not be above random_delay_max_ms". */
function replaceNames(message: string, settings: ProfileNames['settings']): string {
  const names = new Map(Object.entries(settings).map(([path, variable]) => [path.split('.').at(-1), variable]));
  return message.replaceAll(/\b[a-z]+(?:_[a-z]+)+\b/g, (word) => names.get(word) ?? word);
}
