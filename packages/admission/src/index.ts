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
export {
  type BreakerSettings,
  type Choice,
  createUpstreamHealth,
  type TargetRef,
  type UpstreamHealth,
} from './upstream-health.ts';
