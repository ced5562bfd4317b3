import type { FailureKind, ResponseHead, UpstreamFailure } from '@sluice/protocol';
import { retryAfterMs } from '../http/retry-after.ts';
import { kindOfStatus } from '../http/status-kind.ts';
import { parseText } from '../parse-text.ts';
import { errorBodySchema, type RpcStatus } from './wire.ts';

/** Longest text of a provider that is passed on. */
const messageLength = 1000;

/** Canonical codes that say more than the HTTP status. https://google.aip.dev/193 */
const kindOfCode: Readonly<Record<string, FailureKind>> = {
  UNAUTHENTICATED: 'authentication',
  PERMISSION_DENIED: 'permission',
  NOT_FOUND: 'not_found',
  RESOURCE_EXHAUSTED: 'rate_limit',
  // Of an account or a place: no billing, or a country that is not served. Another account may do.
  FAILED_PRECONDITION: 'permission',
  CANCELLED: 'server',
  ABORTED: 'server',
  INTERNAL: 'server',
  UNAVAILABLE: 'server',
  DEADLINE_EXCEEDED: 'server',
};

/** Reasons in the details that say more than the code: a wrong key is a 400. */
const kindOfReason: Readonly<Record<string, FailureKind>> = {
  API_KEY_INVALID: 'authentication',
  API_KEY_EXPIRED: 'authentication',
  BILLING_DISABLED: 'quota',
};

const tooLong = /exceeds the maximum number of tokens|input token count|context (?:length|window)/i;
/** Of limits that only the next day lifts; all others are of a minute. */
const isDaily = (quotaId: string | null | undefined): boolean => quotaId?.includes('PerDay') === true;

export function toFailure(head: ResponseHead, bodyText: string): UpstreamFailure {
  const error: RpcStatus = parseText(errorBodySchema, bodyText)?.error ?? {};
  return {
    ...describe(error, head.status, bodyText),
    status: head.status,
    retryAfterMs: retryDelayMs(error) ?? retryAfterMs(head),
  };
}

/** An error that came inside an answer of status 200. */
export function toInnerFailure(error: RpcStatus): UpstreamFailure {
  const { code, message } = error;
  const status = typeof code === 'number' && code >= 400 && code < 600 ? code : 502;
  return { ...describe(error, status, message ?? ''), retryAfterMs: retryDelayMs(error) };
}

/** Without its code: clients of OpenAI's protocol know none of Google's, and would miss the one that they look for. */
function describe(error: RpcStatus, status: number, bodyText: string): UpstreamFailure {
  const details = error.details ?? [];
  const field = details.flatMap(({ fieldViolations }) => fieldViolations ?? []).find((each) => each.field)?.field;
  return {
    kind: kindOf(error, status, bodyText),
    message: (error.message ?? `The provider answered with status ${status}.`).slice(0, messageLength),
    param: field ?? undefined,
  };
}

function kindOf({ status: code, message, details }: RpcStatus, status: number, bodyText: string): FailureKind {
  for (const { reason, violations } of details ?? []) {
    const named = reason != null && Object.hasOwn(kindOfReason, reason) ? kindOfReason[reason] : undefined;
    if (named !== undefined) return named;
    if (violations?.some(({ quotaId }) => isDaily(quotaId)) === true) return 'quota';
  }
  const byCode = code != null && Object.hasOwn(kindOfCode, code) ? kindOfCode[code] : undefined;
  if (byCode !== undefined) return byCode;
  const byStatus = kindOfStatus(status, bodyText);
  return byStatus === 'invalid_request' && tooLong.test(message ?? '') ? 'context_length' : byStatus;
}

/** How long a `google.rpc.RetryInfo` asks us to wait. */
function retryDelayMs({ details }: RpcStatus): number | undefined {
  const delay = details?.find(({ retryDelay }) => retryDelay)?.retryDelay;
  const [, seconds] = /^(\d+(?:\.\d+)?)s$/.exec(delay ?? '') ?? [];
  return seconds === undefined ? undefined : Math.ceil(Number(seconds) * 1000);
}
