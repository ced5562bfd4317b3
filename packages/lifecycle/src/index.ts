export { runService, type RunServiceOptions, type Service } from './run-service.ts';
export { within } from './within.ts';
