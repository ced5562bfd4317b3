export {
  type ClientKey,
  type Config,
  type DatabaseConfig,
  type OidcIssuer,
  type TeamConfig,
  type TokenOrigin,
  type UpstreamConfig,
  type UpstreamCredential,
  type WholeAnswers,
} from './config.ts';
export { ConfigError, type ConfigProblem } from './config-error.ts';
export {
  type EffectiveSetting,
  listSettings,
  type SettingOrigin,
  type SettingsList,
  type SettingsSource,
} from './explain/list-settings.ts';
export { type ChooseProxy, createChooseProxy, type EnvironmentProxies } from './network/choose-proxy.ts';
export type { Proxy } from './network/proxy.ts';
export { type DatabaseConnection, databaseConnection } from './network/database-connection.ts';
export { readDatabaseFiles, readRedisFiles } from './network/peer-files.ts';
export { readTlsFiles, type TlsFiles } from './network/tls-files.ts';
export { serviceLinksIn } from './environment.ts';
export { allowsModel, findListedModel, findModel, isListed } from './find-model.ts';
export { compileGlob, isGlob } from './glob.ts';
export { type IngressConfig, loadIngressConfig, type UpstreamPlace } from './ingress-config.ts';
export { type ConfigSource, loadConfig } from './load-config.ts';
export type { Machine, Profile, ProfileNames, ProfileResult, Profiles } from './profiles/profile.ts';
export { readProxies } from './resolve/resolve-proxies.ts';
export { createSecret, type Secret } from './secret.ts';
export { isNamedLikeSecret } from './secret-names.ts';
export { examples as exampleSecrets } from './example-secrets.ts';
