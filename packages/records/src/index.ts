export { type AttemptEntry, attemptEntrySchema, attemptId, attemptOutcomes } from './attempt-entry.ts';
export { type BodyEntry, bodyEntrySchema, type BodyKind, bodyKinds } from './body-entry.ts';
export { type Budgets, type BudgetScope, budgetsSchema, type BudgetWindow, budgetWindows } from './budgets.ts';
export { type KeyChanges, type KeyRecord, keyRecordSchema } from './key-record.ts';
export { microDollars } from './money.ts';
export { type OpenEntry, openEntrySchema, type RequestEntry, requestEntrySchema } from './request-entry.ts';
export { type RequestLog, requestLogSchema, type Timeline, timelineSchema } from './request-log.ts';
export {
  clientKeyIdSchema,
  revokedKeptMs,
  type StoredKey,
  storedKeySchema,
  type Team,
  teamSchema,
} from './stored-key.ts';
export { addTokens, noTokens, splitUsage, type TokenCounts, tokenCountsSchema } from './tokens.ts';
