export { promiseOf } from './checklist/promise-of.ts';
export type { ChaosDirection, ChaosMode } from './chaos/chaos-mode.ts';
export { type ChaosProxy, type ChaosProxyOptions, startChaosProxy } from './chaos/chaos-proxy.ts';
export { openaiClient, type OpenAiClientOptions, OpenAiError } from './clients/openai-client.ts';
export { parseSse, type SseContent, type SseEvent } from './clients/parse-sse.ts';
export { readSse, type SseAnswer, type SseEnd, type SseRequest } from './clients/read-sse.ts';
export {
  type CallCounts,
  type CallOutcome,
  type CallRecord,
  type SimulatorControl,
  simulatorControl,
  type SimulatorMoment,
  type SimulatorRule,
  type SimulatorStats,
} from './clients/simulator-control.ts';
export { afterFile } from './endings/after-file.ts';
export { type OtlpReceiver, startOtlpReceiver } from './otlp/otlp-receiver.ts';
export { exampleSpellings } from './example-spellings.ts';
export type { Attributes, AttributeValue, CollectedSpan } from './otlp/read-traces.ts';
export { freePort } from './processes/free-port.ts';
export {
  type ProcessExit,
  type ProcessInfo,
  type ProcessOptions,
  type RunningProcess,
  startProcess,
} from './processes/start-process.ts';
export { untilLogged } from './processes/until-logged.ts';
export { type PostgresServer, startPostgres } from './postgres/start-postgres.ts';
export { createTestDatabase } from './postgres/test-database.ts';
export { type OpenAiPython, openaiPython } from './python/openai-python.ts';
export { type RecordedCommands, recordCommands } from './redis/record-commands.ts';
export { type MovableRedis, startMovableRedis } from './redis/start-movable-redis.ts';
export { redisTest } from './redis/redis-test.ts';
export { type RedisOptions, type RedisServer, startRedis } from './redis/start-redis.ts';
export { type RedisCluster, type RedisClusterOptions, startRedisCluster } from './redis/start-redis-cluster.ts';
export { type RedisFailover, startRedisFailover } from './redis/start-redis-failover.ts';
export type { ServiceMode, ServiceName } from './services/service-command.ts';
export {
  type ServiceProcess,
  type SimulatorProcess,
  type SpawnOptions,
  spawnService,
} from './services/spawn-service.ts';
export { type Fleet, type FleetOptions, startFleet } from './services/start-fleet.ts';
export { type Truthy, until, type UntilOptions } from './until.ts';
export { verifies, type VerifiesOptions } from './verifies.ts';
