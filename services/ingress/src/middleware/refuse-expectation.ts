import { GatewayError, toEnvelope } from '@sluice/protocol';
import type { RequestHandler } from 'express';

/** Node's own rule: a wish that it does not know has the word nowhere. */
const known = /(?:^|\W)100-continue(?:$|\W)/i;

/** RFC 9110 §10.1.1: a wish that a server does not know is answered with 417, which none of our own codes has. */
export const refuseExpectation: RequestHandler = (request, response, next) => {
  const { expect } = request.headers;
  if (expect === undefined || known.test(expect)) return next();
  const refusal = new GatewayError('invalid_request', {
    message: 'The "expect" header may only say "100-continue".',
  });
  response.status(417).set('connection', 'close').json(toEnvelope(refusal));
};
