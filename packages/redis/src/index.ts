export {
  connect,
  type ConnectionRole,
  type ConnectRequest,
  longestBlockMs,
  type RedisConnection,
  untilReady,
} from './connect.ts';
export { innermost } from './innermost.ts';
export { createKeys, type Keys, type ModelSource } from './keys.ts';
export type { RedisSettings } from './settings.ts';
export { type Presence, watchPresence } from './presence.ts';
export { findRefusal, RedisRefusal } from './refusal.ts';
export { defineScript, type Script } from './script.ts';
export { createTurnBatches, type TurnBatches } from './turn-batches.ts';
export { isRedisUnavailable } from './unavailable.ts';
export { type MemoryUse, readMemory } from './memory.ts';
export { createSeal, deriveKey, type Seal } from './seal.ts';
