import type { z } from 'zod';
import type { ConfigProblem } from '../config-error.ts';

/** Profiles: variables of other programs that replace a file. */
export interface Profiles {
  /** Profiles by the values of `SLUICE_COMPAT`. */
  readonly byName: Readonly<Record<string, Profile>>;
  /**
   * Returns warnings about variables of profiles that are set but not read.
   *
   * @param env environment without empty variables
   */
  findStrays(env: Readonly<Record<string, string | undefined>>): readonly string[];
}

/** An environment that replaces a file: variables with their own names, units and defaults. */
export interface Profile {
  /** Variables of the profile. They are read under the profile only. */
  readonly variables: z.ZodObject;
  /** Names of the variables that hold a secret. */
  readonly secretVariables: readonly string[];
  /**
   * Returns names of Sluice's own variables whose value is meant for the other program, so that Sluice must not read it.
   * Absent = none.
   *
   * @param env environment without empty variables
   */
  readonly foreignVariables?: (env: Readonly<Record<string, string | undefined>>) => readonly string[];
  /**
   * Converts its variables to settings, or returns the problems, such as files that are missing on this machine.
   *
   * @param env environment that `variables` has accepted
   */
  toSettings(env: Readonly<Record<string, string | undefined>>, machine: Machine): ProfileResult;
}

export type ProfileResult = ProfileSettings | { readonly problems: readonly ConfigProblem[] };

export interface ProfileSettings {
  /** The settings in the form of a file; validated like a file. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Warnings about variables that are set but have no effect, with the reason. */
  readonly warnings: readonly string[];
  readonly names: ProfileNames;
}

/** The user's names for settings in messages, because there is no file to point to. */
export interface ProfileNames {
  /** The variable or file of each setting, by the path of the setting, as in `retry.base_delay_ms`. */
  readonly settings: Readonly<Record<string, string>>;
  /** The variable of the client key. */
  readonly clientKey?: string;
  /** The reason why Redis holds access tokens, as text. */
  readonly tokens?: string;
}

/** Facts that profiles use in addition to their own variables. */
export interface Machine {
  /** True if `SLUICE_SECRET_KEY` is set, so that Redis can hold access tokens. */
  readonly hasSecretKey: boolean;
  /** Home directory of the user. */
  readonly home: string;
  /** Reads a file; undefined if it does not exist. */
  read(path: string): string | undefined;
}
