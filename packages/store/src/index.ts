export { connectStore, type Store, type StoreOptions } from './connection/connect-store.ts';
export { isRefusedData, StoreUnavailable, type UnavailableReason } from './connection/unavailable.ts';
export type { KeyCursor } from './keys/change-keys.ts';
export {
  changeClientKey,
  createClientKey,
  createFirstAdminKey,
  findClientKey,
  type KeptSecret,
  type KeyPatch,
  listClientKeys,
  type ListKeys,
  type NewKey,
  revokeClientKey,
  rotateClientKey,
} from './keys/client-keys.ts';
export type { KeptKey } from './keys/key-rows.ts';
export { readKeyChanges } from './keys/read-key-changes.ts';
export {
  changeTeam,
  createTeam,
  findTeam,
  type KeptTeam,
  listTeams,
  type ListTeams,
  removeTeam,
  type TeamPatch,
} from './keys/teams.ts';
export { findBodies, type FoundBody } from './bodies/find-bodies.ts';
export {
  appendItems,
  type ConversationItem,
  deleteItem,
  findItem,
  listItems,
} from './conversations/conversation-items.ts';
export { heldBy } from './conversations/held-by.ts';
export {
  type Conversation,
  createConversation,
  deleteConversation,
  findConversation,
  listConversations,
  updateConversation,
} from './conversations/conversations.ts';
export {
  deleteResponse,
  dropOldResponses,
  findResponse,
  saveResponse,
  type StoredResponse,
} from './responses/responses.ts';
export { createRecordWriter, type RecordWriter } from './ledger/record-writer.ts';
export { findRequest, type FoundRequest } from './logs/find-request.ts';
export {
  type ListedRequest,
  listRequests,
  type ListRequests,
  type RequestCursor,
  type RequestFilter,
  type RequestPage,
} from './logs/list-requests.ts';
export { isMigrated } from './migrations/is-migrated.ts';
export { migrateStore, type MigrateOptions, MigrationError } from './migrations/migrate-store.ts';
export {
  createPartitions,
  type PartitionedTable,
  partitionedTables,
  type Partitions,
} from './partitions/partitions.ts';
export { countImbalances, type RecordedSpan } from './recording/count-imbalances.ts';
export { dropOld, type Retention } from './recording/drop-old.ts';
export { type RunnerLock, type RunnerLockNeeds, takeRunnerLock } from './recording/runner-lock.ts';
export { skipEntry } from './recording/skip-entry.ts';
export type { Tables } from './tables.ts';
export { readSpend, type Spend, type SpendQuery } from './usage/read-spend.ts';
export { readUpstreamUsage, type UpstreamUsage, type UpstreamUsageQuery } from './usage/read-upstream-usage.ts';
export { readUsage, type UsageGroup, usageGroups, type UsageQuery, type UsageSum } from './usage/read-usage.ts';
