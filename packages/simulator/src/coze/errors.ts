import type { Failure, FailureContext, FailureReason } from '../server/provider.ts';
import { type Traits, traitsOf } from './traits.ts';

/** Id of an error in Coze's logs. */
const logId = '20240101000000000000000000000000';

/** Writes an answer that is not a stream. */
export function envelope(code: number, msg: string, data?: unknown): string {
  return JSON.stringify({ code, msg, ...(data === undefined ? {} : { data }), detail: { logid: logId } });
}

export function failure(status: number, code: number, msg: string): Failure {
  return { kind: 'failure', status, body: envelope(code, msg) };
}

export const badRequest = (msg: string, traits?: Traits): Failure =>
  traits?.has('studio') === true ? failure(400, 400, msg) : failure(400, 4000, `Request parameter error: ${msg}`);

export const notFound = (msg: string): Failure => failure(404, 4200, msg);

/** Returns the error that Coze would give. */
export function failureOf(reason: FailureReason, context: FailureContext): Failure {
  const traits = traitsOf(context.model);
  const found = reasonOf(reason, context, traits);
  return traits.has('soft') ? { ...found, status: 200 } : found;
}

function reasonOf(reason: FailureReason, { method, path }: FailureContext, traits: Traits): Failure {
  switch (reason.name) {
    case 'e':
      return ofStatus(reason.value, traits);
    case 'busy':
      return failure(400, 4016, 'Conversation occupied: it still has a chat in progress');
    case 'ctxlen':
      return badRequest('the messages are too long', traits);
    case 'policy':
      return badRequest('the messages are against the rules', traits);
    case 'quota':
      return failure(402, 4028, 'The quota of this account is used up');
    case 'noCredential':
      return ofStatus(401, traits);
    case 'unknownPath':
      return { kind: 'failure', status: 404, body: `404 page not found: ${method} ${path}` };
    case 'bodyTooLarge':
      return failure(413, 4000, 'The request body is too large');
    case 'unknownDirective':
      return badRequest(`"${reason.word}" in x-sim-directives is not a directive of the simulator.`);
  }
}

function ofStatus(status: number, traits: Traits): Failure {
  switch (status) {
    case 401:
      // A Studio sends this error with status 200.
      return traits.has('studio')
        ? failure(200, 700_012_006, 'authentication is invalid')
        : failure(401, 4100, 'authentication is invalid');
    case 403:
      return failure(403, 4101, 'The token you entered does not have the permission');
    case 404:
      return notFound('Requested resource bot does not exist');
    case 429:
      return failure(429, 4013, 'The request rate limit has been exceeded');
    default:
      return status >= 500
        ? failure(status, 5000, 'Internal server error')
        : failure(status, 4000, `The request was refused with status ${status}`);
  }
}
