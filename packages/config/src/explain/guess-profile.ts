import { compatNames, compatProfiles, type CompatName } from '../compat/read-compat.ts';
import { variables } from '../environment.ts';

export interface GuessedProfile {
  readonly profile: CompatName;
  /** Its variables that are set. */
  readonly variables: readonly string[];
}

/** One may be set for another program. */
const fewest = 2;

/** The gateway whose variables are set although `SLUICE_COMPAT` is not, so that nobody reads them. */
export function guessProfile(env: Readonly<Record<string, string | undefined>>): GuessedProfile | undefined {
  if ((env['SLUICE_COMPAT'] ?? '') !== '') return undefined;
  const guesses = compatNames.map((profile) => {
    const own = Object.keys(compatProfiles[profile].variables.shape);
    return { profile, variables: own.filter((name) => (env[name] ?? '') !== '' && !Object.hasOwn(variables, name)) };
  });
  const [best] = guesses.toSorted((one, other) => other.variables.length - one.variables.length);
  return best !== undefined && best.variables.length >= fewest ? best : undefined;
}
