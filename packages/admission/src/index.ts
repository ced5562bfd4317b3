export {
  type Admission,
  type AdmissionNeeds,
  type AdmissionRequest,
  createAdmission,
  type FleetLimits,
  type KeyLimits,
  type Rates,
  type RateState,
  type Refusal,
  type RefusalReason,
  type Lease,
  type Turn,
  type Verdict,
} from './admission.ts';
export { createPeek, type Peek, type Peeked, type PeekQuestion } from './peek.ts';
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
export type { Occupancy } from './scripts.ts';
