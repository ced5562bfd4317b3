import type { Failure, FailureContext, FailureReason } from '../server/provider.ts';

interface ErrorFields {
  readonly message: string;
  readonly type: string;
  readonly param?: string;
  readonly code?: string;
}

/** Texts with which other providers report in a 400 that they are busy, in the order of `busy0` to `busy4`. */
const busyPhrases = ['系统繁忙', 'system busy', 'rate limit', 'too many requests', 'temporarily unavailable'];

const serverError: ErrorFields = {
  message: 'The server had an error while processing your request. Sorry about that!',
  type: 'server_error',
};

/** Returns OpenAI's envelope; all four fields are always present. */
function errorBody({ message, type, param, code }: ErrorFields): string {
  return JSON.stringify({ error: { message, type, param: param ?? null, code: code ?? null } });
}

/** Error body inside a stream, or with status 200, for a late failure. */
export const internalErrorBody = errorBody(serverError);

/** Returns the failure for an unreadable request. */
export function invalidRequest(fields: Omit<ErrorFields, 'type'>): Failure {
  return failure(400, { type: 'invalid_request_error', ...fields });
}

/** Returns the error that OpenAI would give. */
export function failureOf(reason: FailureReason, context: FailureContext): Failure {
  switch (reason.name) {
    case 'e':
      return failure(reason.value, fieldsOf(reason.value, context));
    case 'busy':
      return invalidRequest({ message: `Bad request: ${busyPhrases[reason.value]}` });
    case 'ctxlen':
      return invalidRequest({
        message:
          "This model's maximum context length is 128000 tokens. However, your messages resulted in 130001 tokens. Please reduce the length of the messages.",
        param: 'messages',
        code: 'context_length_exceeded',
      });
    case 'policy':
      return invalidRequest({
        message: 'Your request was rejected as a result of our safety system.',
        code: 'content_policy_violation',
      });
    case 'quota':
      return failure(429, {
        message: 'You exceeded your current quota, please check your plan and billing details.',
        type: 'insufficient_quota',
        code: 'insufficient_quota',
      });
    case 'noCredential':
      return failure(401, {
        message:
          "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
        type: 'invalid_request_error',
      });
    case 'unknownPath':
      return failure(404, {
        message: `Invalid URL (${context.method} ${context.path})`,
        type: 'invalid_request_error',
      });
    case 'bodyTooLarge':
      return failure(413, { message: 'The request body is over 64 MB.', type: 'invalid_request_error' });
    case 'unknownDirective':
      return invalidRequest({
        message: `"${reason.word}" in x-sim-directives is not a directive of the simulator.`,
        param: 'x-sim-directives',
      });
  }
}

function failure(status: number, fields: ErrorFields): Failure {
  return { kind: 'failure', status, body: errorBody(fields) };
}

function fieldsOf(status: number, { model, credential }: FailureContext): ErrorFields {
  switch (status) {
    case 401:
      return {
        message: `Incorrect API key provided: ${mask(credential)}. You can find your API key at https://platform.openai.com/account/api-keys.`,
        type: 'invalid_request_error',
        code: 'invalid_api_key',
      };
    case 403:
      return {
        message: 'Country, region, or territory not supported',
        type: 'request_forbidden',
        code: 'unsupported_country_region_territory',
      };
    case 404:
      return {
        message: `The model \`${model}\` does not exist or you do not have access to it.`,
        type: 'invalid_request_error',
        code: 'model_not_found',
      };
    case 408:
      return { message: 'Timed out generating response.', type: 'internal_error', code: 'request_timeout' };
    case 429:
      return {
        message: `Rate limit reached for ${model} on requests per min (RPM): Limit 3, Used 3, Requested 1.`,
        type: 'requests',
        code: 'rate_limit_exceeded',
      };
    case 503:
      return { message: 'The engine is currently overloaded, please try again later.', type: 'server_error' };
    default:
      return status >= 500
        ? serverError
        : { message: `The request was refused with status ${status}.`, type: 'invalid_request_error' };
  }
}

/** Masks a key as OpenAI does: its start and end with stars between, which makes redaction in a gateway harder. */
function mask(credential: string): string {
  const head = Math.min(8, credential.length >> 1);
  const tail = Math.min(4, credential.length >> 2);
  return (
    credential.slice(0, head) + '*'.repeat(credential.length - head - tail) + credential.slice(credential.length - tail)
  );
}
