import { failureOf as openAiFailureOf } from '../openai/errors.ts';
import type { Failure, FailureContext, FailureReason } from '../server/provider.ts';

const body = (code: string | undefined, message: string): string =>
  JSON.stringify({ error: { ...(code === undefined ? {} : { code }), message } });

/** Error body inside a stream, or with status 200, for a late failure. */
export const innerFailureBody = body('1234', 'Network error, error id: sim, please contact customer service');

/** Returns the error that the GLM API would give: its own codes, some with statuses that do not match. */
export function failureOf(reason: FailureReason, context: FailureContext): Failure {
  switch (reason.name) {
    case 'quota':
      return failure(429, '1113', 'Your account is in arrears, please recharge and try again');
    case 'ctxlen':
      return failure(400, '1261', 'Prompt exceeds max length');
    case 'policy':
      return failure(400, '1301', 'System detected potentially unsafe or sensitive content in input or generation.');
    case 'noCredential':
      return failure(401, '1001', 'Authentication parameter not received in Header, unable to authenticate');
    case 'e': {
      const [code, message] = byStatus[reason.value] ?? [undefined, `Refused with status ${reason.value}.`];
      return failure(reason.value, code, message);
    }
    default: {
      const { status, body: text } = openAiFailureOf(reason, context);
      const { error } = JSON.parse(text) as { readonly error: { readonly message: string } };
      return failure(status, undefined, error.message);
    }
  }
}

const byStatus: Readonly<Record<number, readonly [code: string, message: string]>> = {
  400: ['1214', 'Invalid messages parameter. Please check the documentation'],
  401: ['1002', 'Invalid Authentication Token, please confirm the correct transmission of the Authentication Token'],
  403: ['1220', 'You do not have permission to access chat'],
  404: ['1211', 'Model does not exist, please check the model code'],
  429: ['1302', 'High concurrency usage of this API, please reduce concurrency'],
  500: ['500', 'Internal Error'],
};

const failure = (status: number, code: string | undefined, message: string): Failure => ({
  kind: 'failure',
  status,
  body: body(code, message),
});
