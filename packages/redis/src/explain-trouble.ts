import { findRefusal, isOfSelect } from './refusal.ts';
import type { RedisSettings } from './settings.ts';

export interface TroubleFacts {
  readonly settings: RedisSettings;
  /** The connection has been good before. */
  readonly wasReady: boolean;
}

/** Says of an error of a connection what an operator has to change, where the settings don't fit the server. */
export function explainTrouble(error: Error, { settings, wasReady }: TroubleFacts): Error {
  if (isOfSelect(error)) return findRefusal(error) ?? error;
  const cause = innermost(error);
  const code = 'code' in cause ? String(cause.code) : '';
  const isSentinel = cause.message.startsWith('All sentinels are unreachable');
  const tls = isSentinel && settings.kind === 'sentinel' ? settings.sentinelTls : settings.tls;
  const hint = tls === undefined ? hintForPlain(cause, { code, wasReady }) : hintForTls(cause, { code, wasReady });
  const words = hint ?? (isSentinel ? hintForSentinel(cause) : undefined);
  return words === undefined ? error : new Error(`${cause.message.replace(/\.$/, '')}: ${words}`, { cause: error });
}

interface Signs {
  readonly code: string;
  readonly wasReady: boolean;
}

function hintForTls({ message }: Error, { code, wasReady }: Signs): string | undefined {
  if (noTlsCodes.has(code)) return 'this port does not speak TLS, but tls is set (or the URL begins with rediss://)';
  if (code.includes('CERTIFICATE_REQUIRED'))
    return 'Redis wants a client certificate: set redis.tls.cert and redis.tls.key';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return 'the certificate is for another name than the host that was called: redis.tls.servername can say which';
  }
  if (unknownAuthorityCodes.has(code)) {
    return 'the certificate is from an authority that is not trusted here: set redis.tls.ca, or NODE_EXTRA_CA_CERTS';
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
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** A cluster says only that it found no node; the error of the last one says why. */
const innermost = (error: Error): Error =>
  'lastNodeError' in error && error.lastNodeError instanceof Error ? error.lastNodeError : error;
