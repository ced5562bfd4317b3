export { createKeyRegistry, type KeyRegistry, type KeyRegistryNeeds } from './key-registry.ts';
export type { ReadKeyChanges } from './publish-keys.ts';
