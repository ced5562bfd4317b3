import type { z } from 'zod';

/** Another gateway whose environment is understood: its own variables, with its own names, units and defaults. */
export interface CompatProfile {
  /** Its variables. None of them is read without the profile. */
  readonly variables: z.ZodObject;
  /**
   * What its variables mean here.
   *
   * @throws never: what can't be is refused by `variables`
   */
  toSettings(env: Readonly<Record<string, string | undefined>>, files: HomeFiles): CompatSettings;
}

export interface CompatSettings {
  /** As a file would say it; checked like one. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** What was set and has no effect here, and why. */
  readonly warnings: readonly string[];
}

/** Files that some of them keep beside their environment. */
export interface HomeFiles {
  /** The person's home directory. */
  readonly home: string;
  /** Undefined for a file that is not there. */
  read(path: string): string | undefined;
}

/** A profile as it is written: with typed variables. */
export interface ProfileDefinition<Variables extends z.ZodObject> {
  readonly variables: Variables;
  readonly toSettings: (values: z.output<Variables>, files: HomeFiles) => CompatSettings;
}

/** Ties what a profile reads to what it makes of it. */
export function defineProfile<Variables extends z.ZodObject>({
  variables,
  toSettings,
}: ProfileDefinition<Variables>): CompatProfile {
  return { variables, toSettings: (env, files) => toSettings(variables.parse(env), files) };
}
