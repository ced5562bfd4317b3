import type { RedisConfig, RedisNode, RedisPlace } from '../config.ts';
import { splitHostAndPort } from '@sluice/setting-types';
import type { Settings } from '../schema/settings.ts';
import { createSecret } from '../secret.ts';
import type { Paths } from './absolute-path.ts';
import { tlsOf } from './resolve-tls.ts';

const defaultUrl = 'redis://127.0.0.1:6379';

interface RedisSurroundings {
  /** `REDIS_URL`; it overrides all forms of the file. */
  readonly environmentUrl: string | undefined;
  readonly paths: Paths;
}

export function resolveRedis(redis: Settings['redis'], { environmentUrl, paths }: RedisSurroundings): RedisConfig {
  const isSingle = environmentUrl !== undefined || (redis.cluster ?? redis.sentinel) === undefined;
  const url = isSingle ? new URL(environmentUrl ?? redis.url ?? defaultUrl) : undefined;
  const { username, password } = credentials({ redis, url, isFromEnvironment: environmentUrl !== undefined });
  return {
    ...placeOf(redis, url, paths),
    username,
    password: password === undefined ? undefined : createSecret(password),
    tls: url?.protocol === 'rediss:' ? (tlsOf(redis.tls, paths) ?? true) : tlsOf(redis.tls, paths),
    keyPrefix: redis.key_prefix,
    isDefault: isSingle && environmentUrl === undefined && redis.url === undefined,
  };
}

function placeOf({ cluster, sentinel, tls }: Settings['redis'], url: URL | undefined, paths: Paths): RedisPlace {
  if (url !== undefined) return { kind: 'single', url: `${url.protocol}//${url.host}${url.pathname}${url.search}` };
  if (cluster !== undefined) return { kind: 'cluster', nodes: cluster.flatMap(toNode) };
  return {
    kind: 'sentinel',
    name: sentinel?.name ?? '',
    nodes: (sentinel?.nodes ?? []).flatMap(toNode),
    sentinelUsername: sentinel?.username,
    sentinelPassword: sentinel?.password === undefined ? undefined : createSecret(sentinel.password),
    // TLS covers the sentinels too: otherwise a part of the traffic would be in plain text.
    sentinelTls: tlsOf(sentinel?.tls ?? tls, paths),
  };
}

const toNode = (text: string): RedisNode[] => {
  const node = splitHostAndPort(text);
  return node === undefined ? [] : [node];
};

interface CredentialSource {
  readonly redis: Settings['redis'];
  readonly url: URL | undefined;
  readonly isFromEnvironment: boolean;
}

/** Returns user and password. Those in the environment's URL replace both of the file: they must not be mixed. */
function credentials({ redis, url, isFromEnvironment }: CredentialSource): { username?: string; password?: string } {
  const inUrl = {
    ...(url !== undefined && url.username !== '' && { username: decodeURIComponent(url.username) }),
    ...(url !== undefined && url.password !== '' && { password: decodeURIComponent(url.password) }),
  };
  if (isFromEnvironment && Object.keys(inUrl).length > 0) return inUrl;
  const { username, password } = redis;
  return { ...(username !== undefined && { username }), ...(password !== undefined && { password }), ...inUrl };
}
