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
export type { Occupancy } from './scripts.ts';
