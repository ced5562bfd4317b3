export type { AdmissionRequest, FleetLimits, KeyLimits, RefusalReason } from './admission-request.ts';
export {
  type Admission,
  type AdmissionNeeds,
  createAdmission,
  type Rates,
  type RateState,
  type Refusal,
  type Lease,
  type Verdict,
} from './admission.ts';
export type { Turn } from './renewals.ts';
export { createPeek, type Peek, type Peeked, type PeekQuestion } from './peek.ts';
export type { Occupancy } from './scripts.ts';
