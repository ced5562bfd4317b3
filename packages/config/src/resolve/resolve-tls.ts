import type { PeerTls } from '../config.ts';
import type { Settings } from '../schema/settings.ts';
import { absoluteTlsFiles, type Paths } from './absolute-path.ts';

/** Returns the TLS of connections to Redis or the database; undefined = none. */
export function tlsOf(tls: Settings['redis']['tls'], paths: Paths): PeerTls | undefined {
  if (typeof tls !== 'object') return tls === true ? true : undefined;
  const { servername, reject_unauthorized } = tls;
  return { ...absoluteTlsFiles(tls, paths), servername, rejectUnauthorized: reject_unauthorized };
}
