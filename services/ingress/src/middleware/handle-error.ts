import type { ErrorRequestHandler, Response } from 'express';
import { GatewayError, toEnvelope } from '@sluice/protocol';
import { longestRetryAfterMs } from '@sluice/policy';
import { isRedisUnavailable } from '@sluice/redis';
import { findObservation } from '../context.ts';
import { z } from 'zod';

/** Turns whatever was thrown into OpenAI's envelope. Errors that are not ours are told to `onInternal` first. */
export function handleError(onInternal: (error: unknown) => void): ErrorRequestHandler {
  return (thrown: unknown, _request, response, _next) => {
    const error = toGatewayError(thrown);
    if (error.code === 'internal_error') onInternal(thrown);
    const observation = findObservation(response);
    if (error.code === 'request_cancelled') observation?.cancelled();
    else observation?.failed(error, { status: error.status });
    if (response.headersSent) {
      // Too late for a status: the client must see a broken answer, not a complete one.
      response.destroy();
      return;
    }
    sendError(response, error);
  };
}

/** Sends an error as the whole answer. */
function sendError(response: Response, error: GatewayError): void {
  if (response.destroyed) return;
  if (error.retryAfterMs !== undefined) {
    const retryMs = Math.min(longestRetryAfterMs, Math.ceil(error.retryAfterMs));
    response.setHeader('retry-after', Math.ceil(retryMs / 1000));
    response.setHeader('retry-after-ms', retryMs);
  }
  response.setHeader('x-should-retry', String(error.retryable));
  response.status(error.status).json(toEnvelope(error));
}

/** What express and its body parser say of a request they could not read. */
const bodyErrorSchema = z.object({ type: z.string().optional(), status: z.number().int(), message: z.string() });

function toGatewayError(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  if (isRedisUnavailable(thrown)) {
    return new GatewayError('redis_unavailable', { retryAfterMs: 1000, cause: thrown });
  }
  const parsed = bodyErrorSchema.safeParse(thrown);
  if (!parsed.success) return new GatewayError('internal_error', { cause: thrown });
  const { type, status } = parsed.data;
  if (type === 'entity.too.large') return new GatewayError('request_too_large', { cause: thrown });
  if (status === 415) return new GatewayError('unsupported_media_type', { cause: thrown });
  if (type === 'request.aborted') return new GatewayError('request_cancelled', { cause: thrown });
  if (status >= 400 && status < 500) return new GatewayError('invalid_encoding', { cause: thrown });
  return new GatewayError('internal_error', { cause: thrown });
}
