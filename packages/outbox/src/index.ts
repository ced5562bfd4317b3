export type { OpenCall } from './open-calls.ts';
export { createOpenEntries, type OpenEntries, type OpenEntriesNeeds } from './open-entries.ts';
export { createOpenSettler, type OpenSettler, type OpenSettlerNeeds } from './open-settler.ts';
export {
  type OutboxLag,
  type OutboxPage,
  type OutboxReader,
  type OutboxReaderNeeds,
  createOutboxReader,
} from './outbox-reader.ts';
export {
  bodyLimits,
  createOutboxWriter,
  ledgerLimits,
  logLimits,
  type OutboxLimits,
  type OutboxWriter,
  type OutboxWriterNeeds,
} from './outbox-writer.ts';
