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
