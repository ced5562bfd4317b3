export type { Choice, RequestRef, TargetRef } from './choose.ts';
export {
  type CircuitSettings,
  type CircuitState,
  createUpstreamHealth,
  type Failed,
  type Recovered,
  type UpstreamHealth,
} from './upstream-health.ts';
export type { CooldownEntry } from './cooldown-entry.ts';
