import { openAi } from '../openai/provider.ts';
import type { Failure, FailureContext, FailureReason } from '../server/provider.ts';

interface RpcError {
  readonly message: string;
  /** Default: derived from the HTTP status. */
  readonly status?: string;
  readonly details?: readonly object[];
}

/** Canonical codes by HTTP status. https://google.aip.dev/193 */
const codes: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ABORTED',
  429: 'RESOURCE_EXHAUSTED',
  499: 'CANCELLED',
  500: 'INTERNAL',
  501: 'UNIMPLEMENTED',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

const type = (name: string): string => `type.googleapis.com/google.rpc.${name}`;
const errorInfo = (reason: string): object => ({
  '@type': type('ErrorInfo'),
  reason,
  domain: 'googleapis.com',
  metadata: { service: 'generativelanguage.googleapis.com' },
});
const quotaFailure = (quotaId: string): object => ({ '@type': type('QuotaFailure'), violations: [{ quotaId }] });

function failure(httpStatus: number, { message, status = codes[httpStatus] ?? 'UNKNOWN', details }: RpcError): Failure {
  const error = { code: httpStatus, message, status, ...(details === undefined ? {} : { details }) };
  return { kind: 'failure', status: httpStatus, body: JSON.stringify({ error }, null, 2) };
}

export const invalidArgument = (message: string): Failure => failure(400, { message });

/** Error body inside a stream, without a `data:` prefix, for a late failure. */
export const internalErrorBody = failure(500, { message: 'An internal error has occurred.' }).body;

/** Returns the error that Gemini would give. */
export function failureOf(reason: FailureReason, context: FailureContext): Failure {
  switch (reason.name) {
    case 'e':
      return failure(reason.value, errorOf(reason.value, context));
    case 'ctxlen':
      return invalidArgument('The input token count (1048577) exceeds the maximum number of tokens allowed (1048576).');
    case 'policy':
      // This is not an error but an answer without candidates.
      return { kind: 'failure', status: 200, body: JSON.stringify({ promptFeedback: { blockReason: 'SAFETY' } }) };
    case 'quota':
      return failure(429, {
        message: 'You exceeded your current quota, please check your plan and billing details.',
        details: [quotaFailure('GenerateRequestsPerDayPerProjectPerModel-FreeTier')],
      });
    case 'noCredential':
      return failure(403, {
        message: "Method doesn't allow unregistered callers (callers without established identity).",
      });
    case 'busy':
    case 'unknownPath':
    case 'bodyTooLarge':
    case 'unknownDirective': {
      // The texts of these errors are the simulator's own; only the envelope is Gemini's.
      const { status, body } = openAi.failure(reason, context);
      return failure(status, (JSON.parse(body) as { error: { message: string } }).error);
    }
  }
}

function errorOf(status: number, { model, credential }: FailureContext): RpcError {
  switch (status) {
    case 401:
      return {
        message: `Request had invalid authentication credentials: ${credential}.`,
        details: [errorInfo('ACCESS_TOKEN_TYPE_UNSUPPORTED')],
      };
    case 403:
      return { message: 'The caller does not have permission.' };
    case 404:
      return { message: `models/${model} is not found for API version v1beta, or is not supported.` };
    case 429:
      return {
        message: 'You exceeded your current quota, please check your plan and billing details.',
        details: [quotaFailure('GenerateRequestsPerMinutePerProjectPerModel-FreeTier')],
      };
    case 503:
      return { message: 'The model is overloaded. Please try again later.' };
    default:
      return { message: `The request failed with status ${status}.` };
  }
}
