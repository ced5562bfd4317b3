import type { RedisConfig, RedisNode, RedisPlace } from '../config.ts';
import { splitHostAndPort } from '@sluice/setting-types';
import type { Settings } from '../schema/settings.ts';
import { createSecret } from '../secret.ts';

const defaultUrl = 'redis://127.0.0.1:6379';

/** @param environmentUrl wins over all forms of the file */
export function resolveRedis(redis: Settings['redis'], environmentUrl: string | undefined): RedisConfig {
  const isSingle = environmentUrl !== undefined || (redis.cluster ?? redis.sentinel) === undefined;
  const url = isSingle ? new URL(environmentUrl ?? redis.url ?? defaultUrl) : undefined;
  const { username, password } = credentials({ redis, url, isFromEnvironment: environmentUrl !== undefined });
  return {
    ...placeOf(redis, url),
    username,
    password: password === undefined ? undefined : createSecret(password),
    tls: tlsOf(redis.tls, url),
    keyPrefix: redis.key_prefix,
    isDefault: isSingle && environmentUrl === undefined && redis.url === undefined,
  };
}

function placeOf({ cluster, sentinel }: Settings['redis'], url: URL | undefined): RedisPlace {
  if (url !== undefined) return { kind: 'single', url: `${url.protocol}//${url.host}${url.pathname}${url.search}` };
  if (cluster !== undefined) return { kind: 'cluster', nodes: cluster.flatMap(toNode) };
  return { kind: 'sentinel', name: sentinel?.name ?? '', nodes: (sentinel?.nodes ?? []).flatMap(toNode) };
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

/** Credentials in the environment's URL replace all of the file's: a user must not get another one's password. */
function credentials({ redis, url, isFromEnvironment }: CredentialSource): { username?: string; password?: string } {
  const inUrl = {
    ...(url !== undefined && url.username !== '' && { username: decodeURIComponent(url.username) }),
    ...(url !== undefined && url.password !== '' && { password: decodeURIComponent(url.password) }),
  };
  if (isFromEnvironment && Object.keys(inUrl).length > 0) return inUrl;
  const { username, password } = redis;
  return { ...(username !== undefined && { username }), ...(password !== undefined && { password }), ...inUrl };
}

function tlsOf(tls: Settings['redis']['tls'], url: URL | undefined): RedisConfig['tls'] {
  if (typeof tls === 'object') return { ca: tls.ca, rejectUnauthorized: tls.reject_unauthorized };
  return tls === true || url?.protocol === 'rediss:' ? true : undefined;
}
