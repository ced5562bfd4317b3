export { fitHeapGrowth } from './heap-growth.ts';
export { createServiceLogger, type ServiceLoggerOptions } from './service-logger.ts';
export {
  type ManagementServer,
  type ManagementServerNeeds,
  type Page,
  startManagementServer,
} from './management-server.ts';
export { readVersion } from './read-version.ts';
export { runService, type RunServiceOptions, type Service } from './run-service.ts';
export { warnOfEviction } from './warn-of-eviction.ts';
export { within } from './within.ts';
