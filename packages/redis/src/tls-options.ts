import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { RedisTls } from './settings.ts';

/** @param host host of the connection, if known: servers with several certificates choose one by this name */
export function tlsOptions(tls: RedisTls, host?: string): ConnectionOptions {
  const byHost = host === undefined || isIP(host) !== 0 ? {} : { servername: host };
  if (tls === true) return byHost;
  const { ca, cert, key, servername, rejectUnauthorized } = tls;
  return {
    ...byHost,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(servername === undefined ? {} : { servername }),
    ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
  };
}
