import { failureOf as openAiFailureOf } from '../openai/errors.ts';
import type { Failure, FailureContext, FailureReason } from '../server/provider.ts';

/** Returns the backend's error for a status. Most of its errors have no status: they come inside a stream. */
export function failureOf(reason: FailureReason, context: FailureContext): Failure {
  const { status, body } = openAiFailureOf(reason, context);
  const { error } = JSON.parse(body) as { readonly error: { readonly message: string } };
  return failure(status, error.message);
}

export const failure = (status: number, detail: string): Failure => ({
  kind: 'failure',
  status,
  body: JSON.stringify({ detail }),
});

const inStream = (data: object): string => `data: ${JSON.stringify({ type: 'chat:completion', data })}\n\n`;

const captcha = {
  code: 'FRONTEND_CAPTCHA_REQUIRED',
  error_code: 'FRONTEND_CAPTCHA_REQUIRED',
  captcha_error_type: 'missing_param',
  detail: 'Please refresh the page and try again',
};

/** Demand for a captcha in an answer that is not a stream. */
export const captchaBody = JSON.stringify({ error: captcha });

/** Errors with status 200, each in an observed form, by the word in a model's name that selects it. */
export const gates: Readonly<Record<string, string>> = {
  captcha: inStream({ data: { done: true, error: captcha }, done: true, error: captcha }),
  old: inStream({ error: { detail: 'client check failed', code: 426 }, done: true }),
  full: inStream({ content: '', done: true, error: { code: 'MODEL_CONCURRENCY_LIMIT', detail: 'busy' } }),
};

/** An error for a late failure. */
export const lateFailure = inStream({ inner: { error: { code: 500, detail: 'Internal error' } }, done: true });
