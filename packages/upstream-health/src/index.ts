export {
  type CircuitSettings,
  type Choice,
  type CircuitState,
  createUpstreamHealth,
  type Failed,
  type Recovered,
  type RequestRef,
  type TargetRef,
  type UpstreamHealth,
} from './upstream-health.ts';
export type { CooldownEntry } from './cooldown-entry.ts';
