import type { UpstreamFailure } from '@sluice/protocol';
import { toAlertFailure } from './alert-failure.ts';
import { toCertificateFailure } from './certificate-failure.ts';
import { toProxyFailure } from './proxy-failure.ts';

/**
 * Translates an error of undici or of the socket. The texts contain no address: a client must not learn about the
 * operator's network.
 */
export function toNetworkFailure(error: unknown): UpstreamFailure {
  const proxy = toProxyFailure(error);
  if (proxy !== undefined) return proxy;
  const code = codeOf(error) ?? '';
  const certificate = toCertificateFailure(code);
  if (certificate !== undefined) return certificate;
  if (code === 'ERR_INVALID_URL' || code === 'UND_ERR_INVALID_ARG') {
    return { kind: 'network', message: 'The provider has no valid address.' };
  }
  if (code === 'UND_ERR_HEADERS_OVERFLOW' || code === 'HPE_HEADER_OVERFLOW') {
    return { kind: 'malformed', message: "The head of the provider's answer is too large." };
  }
  if (isCut(error, code)) return { kind: 'network', message: brokeOff };
  if (isParserError(error, code)) return { kind: 'malformed', message: messageOfNoHttp(error) };
  if (isTlsError(code)) {
    const alert = toAlertFailure(error);
    if (alert !== undefined) return alert;
    return { kind: 'network', message: tlsReasons[code] ?? handshakeFailed };
  }
  return { kind: 'network', message: reasons[code] ?? 'The connection to the provider broke.' };
}

/** Returns whether an open connection broke: the other side is gone, or has dropped it. */
export function isBrokenConnection(error: unknown): boolean {
  return brokenCodes.has(codeOf(error) ?? '');
}

const brokenCodes: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'ECONNABORTED',
  'ENOTCONN',
  'EPIPE',
  'ERR_STREAM_DESTROYED',
  'UND_ERR_SOCKET',
]);

const brokeOff = "The connection broke before the provider's answer was complete.";

/**
 * Returns whether the connection ended within a body of known length. (undici names parser errors only in the message.)
 */
const isCut = (error: unknown, code: string): boolean =>
  code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' ||
  (isParserError(error, code) && error instanceof Error && error.message.includes('Invalid EOF state'));

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'The provider refused the connection.',
  ENOTFOUND: "The provider's name could not be resolved.",
  EAI_AGAIN: "The provider's name could not be resolved.",
  EAI_FAIL: "The provider's name could not be resolved.",
  EHOSTUNREACH: 'The provider could not be reached.',
  ENETUNREACH: 'The provider could not be reached.',
  ETIMEDOUT: 'The connection to the provider timed out.',
  UND_ERR_CONNECT_TIMEOUT: 'The connection to the provider timed out.',
  ECONNRESET: 'The provider reset the connection.',
  ECONNABORTED: 'The provider reset the connection.',
  EPIPE: 'The provider closed the connection.',
  ENOTCONN: 'The provider closed the connection.',
  ERR_STREAM_DESTROYED: 'The provider closed the connection.',
  UND_ERR_SOCKET: 'The provider closed the connection.',
};

const isParserError = (error: unknown, code: string): boolean =>
  code.startsWith('HPE_') ||
  (error instanceof Error && (error.name === 'HTTPParserError' || error.message === 'bad upgrade'));

/**
 * Returns the message for an answer that is not HTTP. A TLS server answers plain HTTP with alert type 21, version 3.
 */
function messageOfNoHttp(error: unknown): string {
  const isAlert =
    error instanceof Error && 'data' in error && typeof error.data === 'string' && error.data.startsWith('\x15\x03');
  return isAlert
    ? 'The provider expects TLS on this port, but its base URL begins with http://.'
    : 'The provider did not answer in HTTP.';
}

const isTlsError = (code: string): boolean => code.startsWith('ERR_SSL_') || code === 'EPROTO';
const handshakeFailed = 'The TLS handshake with the provider failed.';
const noTls = 'The provider does not speak TLS on this port, but its base URL begins with https://.';
const tlsReasons: Readonly<Record<string, string>> = {
  ERR_SSL_WRONG_VERSION_NUMBER: noTls,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: noTls,
  ERR_SSL_HTTP_REQUEST: noTls,
};

/**
 * Returns the first code along the chain of causes; an AggregateError (several addresses) counts by its first error.
 */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string' && error.code !== 'UND_ERR_ABORTED') return error.code;
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return codeOf(error.cause);
}
