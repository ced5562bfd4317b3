import type { ErrorRequestHandler, Request, Response } from 'express';
import { GatewayError, toEnvelope } from '@sluice/protocol';
import { longestRetryAfterMs } from '@sluice/policy';
import { isRedisUnavailable } from '@sluice/redis';
import { findObservation } from '../context.ts';
import { bodySizeOf, isSmall } from './body-size.ts';
import { endUnread } from './end-unread.ts';
import { z } from 'zod';

/** Turns whatever was thrown into OpenAI's envelope. Errors that are not ours are told to `onInternal` first. */
export function handleError(onInternal: (error: unknown) => void): ErrorRequestHandler {
  return (thrown: unknown, request, response, _next) => {
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
    sendError(request, response, error);
  };
}

/** An unwanted body up to this size is read and dropped, so that the connection can go on. */
const smallBytes = 64 * 1024;

/** Sends an error as the whole answer. The rest of a large body is not read: the connection ends instead. */
function sendError(request: Request, response: Response, error: GatewayError): void {
  if (response.destroyed) return;
  if (error.retryAfterMs !== undefined) {
    const retryMs = Math.min(longestRetryAfterMs, Math.ceil(error.retryAfterMs));
    response.setHeader('retry-after', Math.ceil(retryMs / 1000));
    response.setHeader('retry-after-ms', retryMs);
  }
  response.setHeader('x-should-retry', String(error.retryable));
  response.status(error.status);
  // A client that waited for leave to send its body may leave it out now: where the next request begins is not known.
  const isEnding = request.headers.expect === undefined && isSmall(bodySizeOf(request), smallBytes);
  if (request.complete || isEnding) response.json(toEnvelope(error));
  else endUnread(request, response, JSON.stringify(toEnvelope(error)));
}

/** The error that express throws for a path that it can't decode. */
const pathErrorSchema = z.object({ status: z.literal(400), message: z.string() });

function toGatewayError(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  if (isRedisUnavailable(thrown)) {
    return new GatewayError('redis_unavailable', { retryAfterMs: 1000, cause: thrown });
  }
  if (pathErrorSchema.safeParse(thrown).success) {
    return new GatewayError('invalid_request', {
      message:
        'The URL is not valid: "%" in its path must be followed by two hexadecimal digits, and the bytes must be UTF-8.',
      cause: thrown,
    });
  }
  return new GatewayError('internal_error', { cause: thrown });
}
