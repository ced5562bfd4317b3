import type { ErrorRequestHandler, Request, Response } from 'express';
import { GatewayError } from '@sluice/protocol';
import { clientWaitMs } from '@sluice/policy';
import { findBodyCopies, findErrorForm, findKeptRequest, findObservation } from '../context.ts';
import { asRedisAway } from '../redis-away.ts';
import { bodySizeOf, isSmall } from './body-size.ts';
import { openAiErrors } from './error-form.ts';
import { endUnread } from './end-unread.ts';
import { z } from 'zod';

/** Answers a thrown error with the envelope of the surface. `onInternal` gets the unexpected ones, for the log. */
export function handleError(onInternal: (error: unknown) => void): ErrorRequestHandler {
  return (thrown: unknown, request, response, _next) => {
    const error = toGatewayError(thrown);
    if (error.code === 'internal_error') onInternal(thrown);
    const observation = findObservation(response);
    if (error.code === 'request_cancelled') observation?.cancelled();
    else observation?.failed(error, { status: error.status });
    findKeptRequest(response)?.writer.drop();
    if (response.headersSent) {
      // The status is sent already: the client must see a broken answer, not a complete one.
      response.destroy();
      return;
    }
    sendError(request, response, error);
  };
}

/** An unread body up to this size is read and dropped, so that the connection stays usable. */
const smallBytes = 64 * 1024;

/** Sends an error as the whole answer. A large body stays unread: the connection ends instead. */
function sendError(request: Request, response: Response, error: GatewayError): void {
  if (response.destroyed) return;
  if (error.retryAfterMs !== undefined) {
    const retryMs = clientWaitMs(Math.ceil(error.retryAfterMs));
    response.setHeader('retry-after', Math.ceil(retryMs / 1000));
    response.setHeader('retry-after-ms', retryMs);
  }
  response.setHeader('x-should-retry', String(error.retryable));
  const {
    status = error.status,
    headers = {},
    body: envelope,
  } = (findErrorForm(response) ?? openAiErrors)(error, String(response.getHeader('x-request-id') ?? ''));
  response.status(status).set(headers);
  // A client that waits for `100 Continue` may leave its body out now, so the start of its next request is unknown.
  const isEnding = request.headers.expect === undefined && isSmall(bodySizeOf(request), smallBytes);
  const body = JSON.stringify(envelope);
  findBodyCopies(response)?.answered(body, false);
  if (request.complete || isEnding) response.type('json').send(body);
  else endUnread(request, response, { body, onTaken: () => findObservation(response)?.taken() });
}

/** Error of express for a path that it can't decode. */
const pathErrorSchema = z.object({ status: z.literal(400), message: z.string() });

function toGatewayError(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  const away = asRedisAway(thrown);
  if (away !== undefined) return away;
  if (pathErrorSchema.safeParse(thrown).success) {
    return new GatewayError('invalid_request', {
      message:
        'The URL is not valid: "%" in its path must be followed by two hexadecimal digits, and the bytes must be UTF-8.',
      cause: thrown,
    });
  }
  return new GatewayError('internal_error', { cause: thrown });
}
