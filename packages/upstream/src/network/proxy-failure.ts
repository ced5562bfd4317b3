import type { UpstreamFailure } from '@sluice/protocol';

type Problem =
  | 'proxy_unreachable'
  | 'proxy_timeout'
  | 'proxy_certificate'
  | 'proxy_authentication'
  | 'proxy_refused'
  | 'proxy_cannot_reach_provider'
  | 'proxy_malformed';

/** The proxy failed to carry a call. */
export class ProxyError extends Error {
  override readonly name = 'ProxyError';
  readonly problem: Problem;
  /** Status of the proxy's own answer, if any. */
  readonly status: number | undefined;

  constructor(problem: Problem, details: { readonly status?: number; readonly cause?: unknown } = {}) {
    super(messages[problem], { cause: details.cause });
    this.problem = problem;
    this.status = details.status;
  }
}

const messages: Readonly<Record<Problem, string>> = {
  proxy_unreachable: 'The outbound proxy could not be reached.',
  proxy_timeout: 'The outbound proxy did not answer in time.',
  proxy_certificate: "The outbound proxy's TLS certificate is not acceptable.",
  proxy_authentication: 'The outbound proxy requires a user and a password, or rejects the configured ones.',
  proxy_refused: 'The outbound proxy does not allow calls to the provider.',
  proxy_cannot_reach_provider: 'The outbound proxy could not reach the provider.',
  proxy_malformed: 'The outbound proxy did not answer in HTTP.',
};

/** Problems that no retry solves: the operator must act. */
const final: ReadonlySet<Problem> = new Set([
  'proxy_certificate',
  'proxy_authentication',
  'proxy_refused',
  'proxy_malformed',
]);

/** Returns the failure for a proxy error; undefined for any other error. */
export function toProxyFailure(error: unknown): UpstreamFailure | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (!(cause instanceof ProxyError)) continue;
    const { problem, message, status } = cause;
    const text = status === undefined ? message : `${message.slice(0, -1)} (its status: ${status}).`;
    return { kind: final.has(problem) ? 'unexpected' : 'network', code: problem, message: text };
  }
  return undefined;
}

/** Translates the status of an answer to CONNECT; undefined for success. */
export function problemOfStatus(status: number): Problem | undefined {
  if (status >= 200 && status < 300) return undefined;
  if (status === 407) return 'proxy_authentication';
  return status >= 500 || passing.has(status) ? 'proxy_cannot_reach_provider' : 'proxy_refused';
}

/** Request Timeout, Too Early, Too Many Requests: temporary, and independent of the proxy's rules. */
const passing: ReadonlySet<number> = new Set([408, 425, 429]);

/**
 * Returns the proxy's own problem from the answer to a forwarded request (plain HTTP). Undefined for an answer of the
 * provider, and if the two cannot be distinguished.
 */
export function problemOfForwarded(
  status: number,
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Problem | undefined {
  if (status === 407) return 'proxy_authentication';
  // A provider's own front end may use `proxy-status` too (RFC 9209), and the adapter handles its limits.
  if (status === 429 || headers['retry-after'] !== undefined) return undefined;
  const isOwn = headers['x-squid-error'] !== undefined || /\berror=/.test(String(headers['proxy-status'] ?? ''));
  return isOwn && status >= 400 ? problemOfStatus(status) : undefined;
}
