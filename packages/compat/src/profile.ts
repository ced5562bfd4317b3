import type { Machine, Profile, ProfileResult } from '@sluice/config';
import type { z } from 'zod';
import { isSecretType } from './variable-types.ts';

/** The definition of a profile, with typed variables. */
export interface ProfileDefinition<Variables extends z.ZodObject> {
  readonly variables: Variables;
  readonly foreignVariables?: Profile['foreignVariables'];
  readonly toSettings: (values: z.output<Variables>, machine: Machine) => ProfileResult;
}

/** Returns a profile that validates its variables and converts them to settings. */
export function defineProfile<Variables extends z.ZodObject>({
  variables,
  foreignVariables,
  toSettings,
}: ProfileDefinition<Variables>): Profile {
  return {
    variables,
    secretVariables: Object.entries(variables.shape)
      .filter(([, type]) => isSecretType(type))
      .map(([name]) => name),
    ...(foreignVariables === undefined ? {} : { foreignVariables }),
    toSettings: (env, machine) => toSettings(variables.parse(env), machine),
  };
}

/** Returns warnings about variables that are set but have no effect. */
export const withoutEffect = (
  values: Readonly<Record<string, unknown>>,
  reasons: Readonly<Record<string, string>>,
): string[] =>
  Object.entries(reasons).flatMap(([name, reason]) =>
    values[name] === undefined ? [] : [`${name} has no effect: ${reason}`],
  );
