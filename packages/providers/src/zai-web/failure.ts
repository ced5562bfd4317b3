import type { FailureKind, ResponseHead, UpstreamFailure } from '@sluice/protocol';
import { retryAfterMs } from '../http/retry-after.ts';
import { kindOfStatus } from '../http/status-kind.ts';
import { parseText } from '../parse-text.ts';
import { type WebError, webErrorBodySchema } from './wire.ts';

/** Longest text of a provider that is passed on. */
const messageLength = 1000;

const captchaMessage =
  'chat.z.ai asks for the captcha of its web page, which this gateway does not solve. Use the official API instead: an upstream of type zai.';
const versionMessage =
  'chat.z.ai takes this version of its web page for too old: the option zai_web_version of the upstream wants a newer one.';
const wallMessage = 'The firewall of chat.z.ai blocks this gateway.';

export function toFailure(head: ResponseHead, bodyText: string): UpstreamFailure {
  const body = parseText(webErrorBodySchema, bodyText);
  const error = body?.error ??
    body?.data?.error ?? { ...body?.detail, ...(body?.code == null ? {} : { code: body.code }) };
  const told = { ...error, ...(body?.message == null ? {} : { message: body.message }) };
  return { ...describe(told, head.status, bodyText), status: head.status, retryAfterMs: retryAfterMs(head) };
}

/** An error that came inside an answer of status 200, as most of them do. */
export function toInnerFailure(error: WebError): UpstreamFailure {
  const status = Number(error.code);
  return describe(error, status >= 400 && status < 600 ? status : 502, textOf(error) ?? '');
}

function describe(error: WebError, status: number, bodyText: string): UpstreamFailure {
  const given = error.code ?? error.error_code;
  const code = given == null ? undefined : String(given);
  const text = textOf(error);
  const named = namedCause({
    code: code ?? '',
    text: text ?? '',
    status,
    hasCaptcha: error.captcha_error_type != null,
  });
  return {
    kind: named?.kind ?? kindOfStatus(status, bodyText),
    message: (named?.message ?? text ?? `The provider answered with status ${status}.`).slice(0, messageLength),
    // A number would only hide the code that OpenAI's clients know.
    code: code === undefined || /^\d*$/.test(code) ? undefined : code,
  };
}

const textOf = ({ detail, message, content }: WebError): string | undefined =>
  [detail, message, content].find((text) => text != null && text !== '') ?? undefined;

interface Signs {
  readonly code: string;
  readonly text: string;
  readonly status: number;
  readonly hasCaptcha: boolean;
}

/** What the backend's own words mean, where they say more than the status. */
function namedCause({ code, text, status, hasCaptcha }: Signs): { kind: FailureKind; message?: string } | undefined {
  // Neither time nor another key mends these three: the target is left, and the next one asked.
  if (hasCaptcha || /captcha/i.test(code)) return { kind: 'unexpected', message: captchaMessage };
  if (code === '426' || status === 426 || /client version|client check/i.test(text)) {
    return { kind: 'unexpected', message: versionMessage };
  }
  if (status === 405) return { kind: 'unexpected', message: wallMessage };
  if (code === 'MODEL_CONCURRENCY_LIMIT' || /concurrency|并发/i.test(text)) return { kind: 'rate_limit' };
  if (/model.{0,40}not found/i.test(text)) return { kind: 'not_found' };
  // The window of a signature has passed, or a clock is off: the next try signs anew.
  if (status !== 401 && /signature/i.test(text)) return { kind: 'server' };
  return undefined;
}
