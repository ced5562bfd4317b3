export { connectStore, type Store, type StoreOptions } from './connection/connect-store.ts';
export { StoreUnavailable, type UnavailableReason } from './connection/unavailable.ts';
export { migrateStore, type MigrateOptions, MigrationError } from './migrations/migrate-store.ts';
export type { Tables } from './tables.ts';
