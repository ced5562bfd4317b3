import type { UpstreamFailure } from '@sluice/protocol';

const unreadable: UpstreamFailure = {
  kind: 'malformed',
  message: "The provider's answer is not valid UTF-8.",
};

/**
 * Puts an error of undici or of the socket into our words. The texts hold no address: a client has no business with
 * the operator's network.
 */
export function toNetworkFailure(error: unknown): UpstreamFailure {
  const code = codeOf(error);
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return unreadable;
  if (code === 'ERR_INVALID_URL') return { kind: 'network', message: 'The provider has no valid address.' };
  if (code?.startsWith('HPE_') || (error instanceof Error && error.name === 'HTTPParserError'))
    return { kind: 'malformed', message: 'The provider did not answer in HTTP.' };
  const reason = code === undefined ? undefined : reasons[code];
  return { kind: 'network', message: reason ?? 'The connection to the provider broke.' };
}

const reasons: Record<string, string> = {
  ECONNREFUSED: 'The provider refused the connection.',
  ENOTFOUND: "The provider's name could not be resolved.",
  EAI_AGAIN: "The provider's name could not be resolved.",
  EHOSTUNREACH: 'The provider could not be reached.',
  ENETUNREACH: 'The provider could not be reached.',
  ETIMEDOUT: 'The connection to the provider timed out.',
  UND_ERR_CONNECT_TIMEOUT: 'The connection to the provider timed out.',
  ECONNRESET: 'The provider reset the connection.',
  EPIPE: 'The provider closed the connection.',
  UND_ERR_SOCKET: 'The provider closed the connection.',
};

/** The first code along the chain of causes; an AggregateError (several addresses tried) counts by its first error. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string' && error.code !== 'UND_ERR_ABORTED') return error.code;
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return codeOf(error.cause);
}
