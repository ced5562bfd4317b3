import { isIP } from 'node:net';
import type { Config } from '@sluice/config';
import type { RedisExpectations } from './expectations.ts';

/** Derives the requirements on Redis from the configuration. */
export function expectationsOf({ redis, upstreams }: Pick<Config, 'redis' | 'upstreams'>): RedisExpectations {
  const hosts = hostsOf(redis);
  return {
    place: hosts.map(({ host, port }) => `${host}:${port}`).join(', '),
    isEncrypted: redis.tls !== undefined,
    verifiesCertificate: redis.tls === true || redis.tls?.rejectUnauthorized !== false,
    isNearby: hosts.every(({ host }) => isNearby(host)),
    storesLogins: upstreams.some(({ credentials }) => credentials.some(({ tokens }) => tokens?.kind === 'login')),
  };
}

function hostsOf(redis: Config['redis']): readonly { readonly host: string; readonly port: number }[] {
  if (redis.kind !== 'single') return redis.nodes;
  const { hostname, port } = new URL(redis.url);
  return [{ host: hostname, port: port === '' ? 6379 : Number(port) }];
}

const privateAddress =
  /^(?:127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|169\.254\.|\[?(?:::1|f[cd][0-9a-f]{2}:|fe80:))/i;
const privateName = /^[^.]+$|(?:^|\.)localhost$|\.(?:internal|local|lan|home|svc|cluster\.local)$/i;

/** Returns whether an address or name is outside the public internet. */
function isNearby(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '');
  return isIP(bare) === 0 ? privateName.test(host) : privateAddress.test(bare);
}
