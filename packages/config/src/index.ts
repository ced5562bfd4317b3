export {
  type BreakerConfig,
  type ClientKey,
  type ClientLimits,
  type Config,
  type FleetConfig,
  type LogConfig,
  type LogLevel,
  type ModelConfig,
  type ModelTarget,
  type QueueConfig,
  type RedisConfig,
  type RedisNode,
  type RedisPlace,
  type ServerConfig,
  type TimeoutConfig,
  type TokenOrigin,
  type UpstreamConfig,
  type UpstreamCredential,
  type WholeAnswers,
  type WorkerConfig,
} from './config.ts';
export { ConfigError, type ConfigProblem } from './config-error.ts';
export { serviceLinksIn } from './environment.ts';
export { allowsModel, findModel, isListed } from './find-model.ts';
export { isGlob } from './glob.ts';
export { type ConfigSource, loadConfig } from './load-config.ts';
export { createSecret, type Secret } from './secret.ts';
