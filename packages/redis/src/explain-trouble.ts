import { innermost } from './innermost.ts';
import { findRefusal, isOfSelect } from './refusal.ts';
import type { RedisSettings } from './settings.ts';

export interface TroubleFacts {
  readonly settings: RedisSettings;
  /** True if the connection was ready before. */
  readonly wasReady: boolean;
  /** Last error of ioredis's own connections to sentinels or nodes; more specific than "unreachable". */
  readonly hidden?: Error | undefined;
}

/** Adds to a connection error the setting that an operator must change, if the settings do not fit the server. */
export function explainTrouble(error: Error, { settings, wasReady, hidden }: TroubleFacts): Error {
  if (isOfSelect(error)) return findRefusal(error) ?? error;
  const isSentinel = error.message.startsWith('All sentinels are unreachable');
  const told = innermost(error);
  // Only for nodes and sentinels: a single server reports its own error.
  const cause = hidden !== undefined && (isSentinel || told !== error) && isClosed(told) ? hidden : told;
  const code = 'code' in cause ? String(cause.code) : '';
  const tls = isSentinel && settings.kind === 'sentinel' ? settings.sentinelTls : settings.tls;
  const signs = { code, wasReady, tls, setting: isSentinel ? 'redis.sentinel.tls' : 'redis.tls' };
  const hint = tls === undefined ? hintForPlain(cause, signs) : hintForTls(cause, signs);
  const words = hint ?? (isSentinel ? hintForSentinel(error) : undefined);
  return words === undefined ? error : new Error(`${cause.message.replace(/\.$/, '')}: ${words}`, { cause });
}

interface Signs {
  readonly code: string;
  readonly wasReady: boolean;
  readonly tls: RedisSettings['tls'];
  /** Name of the setting that `tls` comes from. */
  readonly setting: string;
}

function hintForTls({ message }: Error, { code, wasReady, tls, setting }: Signs): string | undefined {
  if (noTlsCodes.has(code)) return 'this port does not speak TLS, but tls is set (or the URL begins with rediss://)';
  if (code.includes('CERTIFICATE_REQUIRED'))
    return `Redis requires a client certificate: set ${setting}.cert and ${setting}.key`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `the name in the certificate is not the host of the connection: set ${setting}.servername to that name`;
  }
  if (unknownAuthorityCodes.has(code)) {
    const hasCa = typeof tls === 'object' && tls.ca !== undefined;
    return hasCa
      ? `the certificate is from an authority that is not in ${setting}.ca, which replaces all others: add it there`
      : `the certificate is from an authority that is not trusted here: set ${setting}.ca, or NODE_EXTRA_CA_CERTS`;
  }
  // A Redis without TLS takes the handshake for a partial command and waits for more bytes.
  if (!wasReady && isSilence(code, message)) {
    return 'no TLS connection was established; check that this port speaks TLS, as tls (or rediss://) requires';
  }
  return undefined;
}

function hintForPlain({ message }: Error, { code, wasReady }: Signs): string | undefined {
  if (message.includes('Protocol error') && message.includes('\\u0015')) return speaksTls;
  return !wasReady && isClosedAtOnce(code, message) ? speaksTls : undefined;
}

const speaksTls =
  'the connection is closed at once; if this port speaks TLS, set redis.tls, or begin the URL with rediss://';

function hintForSentinel({ message }: Error): string | undefined {
  if (/NOAUTH|WRONGPASS/.test(message)) {
    return 'the sentinels need their own password: set redis.sentinel.password (and redis.sentinel.username)';
  }
  return undefined;
}

/** Returns whether ioredis's message hides the cause. */
const isClosed = ({ message }: Error): boolean =>
  /Connection is closed|^timeout$|sentinels are unreachable/.test(message);

const isClosedAtOnce = (code: string, message: string): boolean =>
  code === 'ECONNRESET' || code === 'EPIPE' || message.includes('Connection is closed');

const isSilence = (code: string, message: string): boolean =>
  code === 'ETIMEDOUT' || message === 'timeout' || isClosedAtOnce(code, message);

const noTlsCodes: ReadonlySet<string> = new Set([
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  'ERR_SSL_HTTP_REQUEST',
  'EPROTO',
]);

const unknownAuthorityCodes: ReadonlySet<string> = new Set([
  // A trusted authority has this name, but another key.
  'CERT_SIGNATURE_FAILURE',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);
