import { GatewayError, toEnvelope } from '@sluice/protocol';
import type { RequestHandler } from 'express';

/** Node's own rule for expectations that it supports. */
const known = /(?:^|\W)100-continue(?:$|\W)/i;

/** Refuses an unknown expectation with 417 (RFC 9110 §10.1.1), a status that none of our error codes has. */
export const refuseExpectation: RequestHandler = (request, response, next) => {
  const { expect } = request.headers;
  if (expect === undefined || known.test(expect)) return next();
  const refusal = new GatewayError('invalid_request', {
    message: 'The "expect" header must be "100-continue".',
  });
  response.status(417).set('connection', 'close').json(toEnvelope(refusal));
};
