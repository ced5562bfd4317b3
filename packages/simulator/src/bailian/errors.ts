import type { Failure, FailureContext, FailureReason } from '../server/provider.ts';
import { failureOf as openAiFailureOf } from '../openai/errors.ts';

const requestId = '00000000-0000-4000-8000-000000000000';

export const errorBody = (code: string, message: string): string =>
  JSON.stringify({ code, message, request_id: requestId });

export const errorOf = (status: number, code: string, message: string): Failure => ({
  kind: 'failure',
  status,
  body: errorBody(code, message),
});

/** An error as an event of a stream. It contains the status that the stream's head could not have. */
export const errorEvent = (status: number, body: string): string =>
  `id:1\nevent:error\n:HTTP_STATUS/${status}\ndata:${body}\n\n`;

/** Error codes by status. */
const codes: Readonly<Record<number, readonly [code: string, message: string]>> = {
  400: ['InvalidParameter', 'Required parameter(s) missing or invalid, please check the request parameters.'],
  401: ['InvalidApiKey', 'Invalid API-key provided.'],
  403: ['AccessDenied', 'Access denied.'],
  404: ['InvalidParameter.AppNotFound', 'The application does not exist.'],
  429: ['Throttling.RateQuota', 'Requests rate limit exceeded, please try again later.'],
  500: ['InternalError', 'An internal error has occured, please try again later or contact service support.'],
};

/** Returns the error that an application would give. */
export function failureOf(reason: FailureReason, context: FailureContext): Failure {
  switch (reason.name) {
    case 'e': {
      const [code, message] = codes[reason.value] ?? [
        'InternalError',
        `The request failed with status ${reason.value}.`,
      ];
      return errorOf(reason.value, code, message);
    }
    case 'ctxlen':
      return errorOf(400, 'InvalidParameter', 'Range of input length should be [1, 30720]');
    case 'policy': {
      // The content type of this answer is JSON, but its body is an event.
      const body = errorBody('DataInspectionFailed', 'Input data may contain inappropriate content.');
      return { kind: 'failure', status: 400, body: errorEvent(400, body) };
    }
    case 'quota':
      return errorOf(429, ...allocationQuota);
    case 'noCredential':
      return errorOf(401, 'InvalidApiKey', 'No API-key provided.');
    case 'busy':
    case 'unknownPath':
    case 'bodyTooLarge':
    case 'unknownDirective': {
      const { status, body } = openAiFailureOf(reason, context);
      const { error } = JSON.parse(body) as { readonly error: { readonly message: string } };
      return errorOf(status, 'InvalidParameter', error.message);
    }
  }
}

export const allocationQuota = [
  'Throttling.AllocationQuota',
  'Allocated quota exceeded, please increase your quota limit.',
] as const;
