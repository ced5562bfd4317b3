import { findRefusal, isOfSelect } from './refusal.ts';
import type { RedisSettings } from './settings.ts';

export interface TroubleFacts {
  readonly settings: RedisSettings;
  /** The connection has been good before. */
  readonly wasReady: boolean;
  /** The last error of a connection by which ioredis asks sentinels or nodes; it tells more than that they are not reached. */
  readonly hidden?: Error | undefined;
}

/** Says of an error of a connection what an operator has to change, where the settings don't fit the server. */
export function explainTrouble(error: Error, { settings, wasReady, hidden }: TroubleFacts): Error {
  if (isOfSelect(error)) return findRefusal(error) ?? error;
  const isSentinel = error.message.startsWith('All sentinels are unreachable');
  const told = innermost(error);
  // Of nodes and sentinels alone: the error of a single server is its own.
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
    return `Redis wants a client certificate: set ${setting}.cert and ${setting}.key`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `the certificate is for another name than the host that was called: ${setting}.servername can say which`;
  }
  if (unknownAuthorityCodes.has(code)) {
    const hasCa = typeof tls === 'object' && tls.ca !== undefined;
    return hasCa
      ? `the certificate is from an authority that is not in ${setting}.ca, which replaces all others: add it there`
      : `the certificate is from an authority that is not trusted here: set ${setting}.ca, or NODE_EXTRA_CA_CERTS`;
  }
  // A Redis without TLS waits for more of what it takes for a command.
  if (!wasReady && isSilence(code, message)) {
    return 'no TLS connection came about; does this port speak TLS, as tls (or rediss://) says?';
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
    return 'the sentinels have a password of their own: redis.sentinel.password (and redis.sentinel.username)';
  }
  return undefined;
}

/** ioredis's words where the reason is hidden. */
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
  // An authority of this name is trusted, with another key.
  'CERT_SIGNATURE_FAILURE',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** A cluster says only that it found no node; the error of the last one says why. */
const innermost = (error: Error): Error =>
  'lastNodeError' in error && error.lastNodeError instanceof Error ? error.lastNodeError : error;
