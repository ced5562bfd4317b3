import type { z } from 'zod';
import type { ConfigProblem } from '../config-error.ts';

/** Another gateway whose environment is understood: its own variables, with its own names, units and defaults. */
export interface CompatProfile {
  /** Its variables. None of them is read without the profile. */
  readonly variables: z.ZodObject;
  /**
   * Returns the meaning of its variables here, or what is missing beside them on this machine.
   *
   * @param env what `variables` has accepted
   */
  toSettings(env: Readonly<Record<string, string | undefined>>, machine: Machine): CompatResult;
}

export type CompatResult = CompatSettings | { readonly problems: readonly ConfigProblem[] };

export interface CompatSettings {
  /** As a file would say it; checked like one. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Settings that were set but have no effect here, with the reason. */
  readonly warnings: readonly string[];
  readonly names: CompatNames;
}

/** The names under which the user knows the settings: there is no file to which a message could point. */
export interface CompatNames {
  /** The variable, or the file, that a setting comes from; by its path, as in `retry.base_delay_ms`. */
  readonly settings: Readonly<Record<string, string>>;
  /** The variable that holds a client key. */
  readonly clientKey?: string;
  /** The reason why there are tokens to keep, in words. */
  readonly tokens?: string;
}

/** Facts that profiles consult beside their own variables. */
export interface Machine {
  /** Tokens can be kept: `SLUICE_SECRET_KEY` is set. */
  readonly hasSecretKey: boolean;
  /** The person's home directory. */
  readonly home: string;
  /** Undefined for a file that is not there. */
  read(path: string): string | undefined;
}

/** A profile as it is written: with typed variables. */
export interface ProfileDefinition<Variables extends z.ZodObject> {
  readonly variables: Variables;
  readonly toSettings: (values: z.output<Variables>, machine: Machine) => CompatResult;
}

/** Ties what a profile reads to what it makes of it. */
export function defineProfile<Variables extends z.ZodObject>({
  variables,
  toSettings,
}: ProfileDefinition<Variables>): CompatProfile {
  return { variables, toSettings: (env, machine) => toSettings(variables.parse(env), machine) };
}

/** The warnings about variables that are set but have no effect. */
export const withoutEffect = (
  values: Readonly<Record<string, unknown>>,
  reasons: Readonly<Record<string, string>>,
): string[] =>
  Object.entries(reasons).flatMap(([name, reason]) =>
    values[name] === undefined ? [] : [`${name} has no effect: ${reason}`],
  );
