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
  type Ticket,
  type Turn,
  type Verdict,
} from './admission.ts';
export { createPeek, type Peek, type Peeked, type PeekQuestion } from './peek.ts';
export {
  type BreakerSettings,
  type Choice,
  type CircuitState,
  createUpstreamHealth,
  type Failed,
  type Recovered,
  type RequestRef,
  type TargetRef,
  type UpstreamHealth,
} from './upstream-health.ts';
export type { RestEntry } from './rests.ts';
export type { Occupancy } from './scripts.ts';
