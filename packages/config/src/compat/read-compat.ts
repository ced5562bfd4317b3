import { explainIssues } from '../schema/explain-issues.ts';
import { bailianProxy } from './bailian-proxy.ts';
import { iflow2api } from './iflow2api.ts';
import { isSecretType } from './variable-types.ts';
import type { CompatProfile, CompatResult, Machine } from './profile.ts';
import { unifiedProxy } from './unified-proxy.ts';
import { z2api } from './z2api.ts';
import { zaiProxy } from './zai-proxy.ts';

/** The gateways that Sluice can stand in for. */
export const compatProfiles = {
  'zai-proxy': zaiProxy,
  z2api,
  'bailian-proxy': bailianProxy,
  'unified-proxy': unifiedProxy,
  iflow2api,
} as const satisfies Record<string, CompatProfile>;

export type CompatName = keyof typeof compatProfiles;
export const compatNames = Object.keys(compatProfiles) as [CompatName, ...CompatName[]];

/** The names of a gateway's variables that hold a secret. */
export const secretVariablesOf = (name: CompatName): string[] =>
  Object.entries(compatProfiles[name].variables.shape)
    .filter(([, type]) => isSecretType(type))
    .map(([variable]) => variable);

/** Reads another gateway's environment. */
export function readCompat(
  name: CompatName,
  env: Readonly<Record<string, string | undefined>>,
  machine: Machine,
): CompatResult {
  const profile: CompatProfile = compatProfiles[name];
  const parsed = profile.variables.safeParse(env);
  if (!parsed.success) return { problems: explainIssues(parsed.error.issues, () => []) };
  return profile.toSettings(env, machine);
}
