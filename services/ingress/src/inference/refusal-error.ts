import type { KeyLimits, RefusalReason } from '@sluice/admission';
import { GatewayError } from '@sluice/protocol';

export interface RefusalFacts {
  readonly reason: RefusalReason;
  /** Undefined if waiting cannot help. */
  readonly retryAfterMs: number | undefined;
  readonly limits: KeyLimits;
  /** Tokens that the request needs; undefined if its body is not read yet. */
  readonly tokens?: number;
}

/** Returns the error for a request that the limits of its key, or of the fleet, refuse. */
export function refusalError({ reason, retryAfterMs, limits, tokens }: RefusalFacts): GatewayError {
  switch (reason) {
    case 'concurrency':
      return new GatewayError('concurrency_limit_exceeded', {
        message: `This API key has ${limits.concurrency} requests running, which is its limit.`,
        retryAfterMs,
      });
    case 'requests':
      return new GatewayError('rate_limit_exceeded', {
        message: `Rate limit reached: ${limits.rpm} requests per minute.`,
        retryAfterMs,
      });
    case 'tokens':
      return new GatewayError('rate_limit_exceeded', {
        message:
          retryAfterMs === undefined
            ? `The request needs about ${tokens} tokens, more than the ${limits.tpm} tokens per minute of this API key.`
            : `Rate limit reached: ${limits.tpm} tokens per minute${tokens === undefined ? '' : `; this request needs about ${tokens}`}.`,
        retryAfterMs,
        retryable: retryAfterMs !== undefined,
      });
    case 'overloaded':
      return new GatewayError('server_overloaded', { retryAfterMs });
  }
}
