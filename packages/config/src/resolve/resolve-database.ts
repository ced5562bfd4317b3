import { camelCased } from '../camel-case.ts';
import type { DatabaseConfig, PeerTls } from '../config.ts';
import { noDatabase, sslModeOf } from '../schema/database.ts';
import type { Settings } from '../schema/settings.ts';
import { createSecret } from '../secret.ts';
import type { Paths } from './absolute-path.ts';
import { tlsOf } from './resolve-tls.ts';

interface DatabaseSurroundings {
  /** `DATABASE_URL`; it overrides that of the file. */
  readonly environmentUrl: string | undefined;
  readonly paths: Paths;
}

/** Returns the settings of the database; undefined without a URL. */
export function resolveDatabase(
  { url: fileUrl, tls, ...plain }: Settings['database'],
  { environmentUrl, paths }: DatabaseSurroundings,
): DatabaseConfig | undefined {
  const text = environmentUrl ?? fileUrl;
  if (text === undefined || text === noDatabase) return undefined;
  const url = new URL(text);
  url.search = '';
  return { ...camelCased(plain), url: createSecret(url.href), tls: withMode(tlsOf(tls, paths), sslModeOf(text)) };
}

/** `sslmode=require` checks no certificate, as in all clients of PostgreSQL; `verify-ca` checks the name in it too. */
function withMode(tls: PeerTls | undefined, mode: ReturnType<typeof sslModeOf>): PeerTls | undefined {
  if (mode === 'disable') return undefined;
  if (mode === undefined || tls !== undefined) return tls;
  return mode === 'require' ? uncheckedTls : true;
}

const uncheckedTls: PeerTls = {
  ca: undefined,
  cert: undefined,
  key: undefined,
  servername: undefined,
  rejectUnauthorized: false,
};
