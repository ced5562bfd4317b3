import type { z } from 'zod';
import type { ConfigProblem } from '../config-error.ts';

/** Variables of other programs that stand in for a file. */
export interface Profiles {
  /** By the names that `SLUICE_COMPAT` may have. */
  readonly byName: Readonly<Record<string, Profile>>;
  /**
   * Returns warnings about variables of profiles that are set, but not read.
   *
   * @param env without variables that are empty
   */
  findStrays(env: Readonly<Record<string, string | undefined>>): readonly string[];
}

/** An environment that is understood in place of a file: its own variables, with its own names, units and defaults. */
export interface Profile {
  /** Its variables. None of them is read without the profile. */
  readonly variables: z.ZodObject;
  /** Names of the variables that hold a secret. */
  readonly secretVariables: readonly string[];
  /**
   * Returns the meaning of its variables here, or what is missing beside them on this machine.
   *
   * @param env what `variables` has accepted
   */
  toSettings(env: Readonly<Record<string, string | undefined>>, machine: Machine): ProfileResult;
}

export type ProfileResult = ProfileSettings | { readonly problems: readonly ConfigProblem[] };

export interface ProfileSettings {
  /** As a file would say it; checked like one. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Settings that were set but have no effect here, with the reason. */
  readonly warnings: readonly string[];
  readonly names: ProfileNames;
}

/** The names under which the user knows the settings: there is no file to which a message could point. */
export interface ProfileNames {
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
