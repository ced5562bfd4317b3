import type { FailureKind, ResponseHead, UpstreamFailure } from '@sluice/protocol';
import type { z } from 'zod';
import { retryAfterMs } from '../http/retry-after.ts';
import { kindOfStatus } from '../http/status-kind.ts';
import { errorBodySchema, type wireErrorSchema } from './wire.ts';
import { parseText } from '../parse-text.ts';

/** Longest text of a provider that is passed on. */
const messageLength = 1000;

/** Codes that say more than the status. */
const kindOfCode: Readonly<Record<string, FailureKind>> = {
  context_length_exceeded: 'context_length',
  content_policy_violation: 'content_policy',
  content_filter: 'content_policy',
  insufficient_quota: 'quota',
  billing_hard_limit_reached: 'quota',
  model_not_found: 'not_found',
  invalid_api_key: 'authentication',
  rate_limit_exceeded: 'rate_limit',
  overloaded_error: 'server',
};

/** How servers without a code say that a prompt is too long. */
const tooLong = /maximum context length|context window|context length|prompt is too long|too many tokens/i;

export function toFailure(head: ResponseHead, bodyText: string): UpstreamFailure {
  const body = parseText(errorBodySchema, bodyText);
  const error = body?.error ?? { message: body?.message ?? body?.detail, code: body?.code };
  return {
    ...describe(error, head.status, bodyText),
    status: head.status,
    retryAfterMs: retryAfterMs(head),
  };
}

/** What the types of errors mean where no status says so. */
const statusOfType: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  permission_error: 403,
  not_found_error: 404,
  rate_limit_error: 429,
};

/** An error that came inside an answer of status 200. */
export function toInnerFailure(error: z.output<typeof wireErrorSchema>): UpstreamFailure {
  const { code, type } = error;
  const numbered = Number(code);
  const typed = typeof type === 'string' && Object.hasOwn(statusOfType, type) ? statusOfType[type] : undefined;
  const status = numbered >= 400 && numbered < 600 ? numbered : (typed ?? 502);
  return describe(error, status, error.message ?? '');
}

interface ErrorFields {
  readonly message?: string | null | undefined;
  readonly code?: string | number | null | undefined;
  readonly type?: string | null | undefined;
  readonly param?: string | null | undefined;
}

function describe({ message, code, type, param }: ErrorFields, status: number, bodyText: string): UpstreamFailure {
  const codeText = typeof code === 'string' && code !== '' ? code : undefined;
  return {
    kind: kindOf({ code: codeText ?? type ?? '', message: message ?? '', status, bodyText }),
    message: (message ?? `The provider answered with status ${status}.`).slice(0, messageLength),
    code: codeText,
    param: param ?? undefined,
  };
}

interface KindSigns {
  readonly code: string;
  readonly message: string;
  readonly status: number;
  readonly bodyText: string;
}

function kindOf({ code, message, status, bodyText }: KindSigns): FailureKind {
  const named = Object.hasOwn(kindOfCode, code) ? kindOfCode[code] : undefined;
  if (named !== undefined) return named;
  const byStatus = kindOfStatus(status, bodyText);
  return byStatus === 'invalid_request' && tooLong.test(message) ? 'context_length' : byStatus;
}
