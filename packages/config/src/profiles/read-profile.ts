import { explainIssues } from '../schema/explain-issues.ts';
import type { Machine, Profile, ProfileResult } from './profile.ts';

/** Reads the environment of a profile. */
export function readProfile(
  profile: Profile,
  env: Readonly<Record<string, string | undefined>>,
  machine: Machine,
): ProfileResult {
  const parsed = profile.variables.safeParse(env);
  if (!parsed.success) return { problems: explainIssues(parsed.error.issues, () => []) };
  return profile.toSettings(env, machine);
}
