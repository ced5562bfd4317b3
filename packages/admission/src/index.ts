export type {
  Accounting,
  AdmissionRequest,
  MoneyReservation,
  TeamLimits,
  FleetLimits,
  KeyLimits,
  RefusalReason,
} from './admission-request.ts';
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
export { createPeek, type Peek, type Peeked, type PeekQuestion, teamKeyId } from './peek.ts';
export { createLostSettler, type LostSettler, type LostSettlerNeeds } from './lost-settler.ts';
export { type BudgetOwner, createSpends, type Spend, type Spends, type Spent } from './spends.ts';
export type { Settled } from './accounting-arguments.ts';
export type { Correction, Occupancy, RefusingLimit } from './scripts.ts';
