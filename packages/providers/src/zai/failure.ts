import type { FailureKind, ResponseHead, UpstreamFailure } from '@sluice/protocol';
import { retryAfterMs } from '../http/retry-after.ts';
import { kindOfStatus } from '../http/status-kind.ts';
import { parseText } from '../parse-text.ts';
import { errorBodySchema, type WireError } from './wire.ts';

/** Longest text of a provider that is passed on. */
const messageLength = 1000;

/**
 * The API's own codes say more than its statuses: no balance comes as a 429.
 * Source: https://docs.z.ai/api-reference/api-code
 */
const kindOfCode: Readonly<Record<string, FailureKind>> = {
  ...codes('authentication', 1000, 1001, 1002, 1003, 1004),
  ...codes('permission', 1110, 1111, 1112, 1120, 1121, 1220, 1311, 1313),
  ...codes('quota', 1113, 1304, 1308, 1309, 1310, 1316, 1317),
  ...codes('invalid_request', 1210, 1212, 1213, 1214, 1215, 1231),
  ...codes('not_found', 1211, 1221, 1222),
  ...codes('server', 500, 1200, 1230, 1234, 1312),
  ...codes('context_length', 1261),
  ...codes('content_policy', 1300, 1301),
  ...codes('rate_limit', 1302, 1303, 1305),
};

function codes(kind: FailureKind, ...numbers: readonly number[]): Record<string, FailureKind> {
  return Object.fromEntries(numbers.map((number) => [String(number), kind]));
}

export function toFailure(head: ResponseHead, bodyText: string): UpstreamFailure {
  const body = parseText(errorBodySchema, bodyText);
  const error = body?.error ?? { code: body?.code, message: body?.msg ?? body?.message };
  return { ...describe(error, head.status, bodyText), status: head.status, retryAfterMs: retryAfterMs(head) };
}

/** An error that came inside an answer of status 200. */
export const toInnerFailure = (error: WireError): UpstreamFailure => describe(error, 502, error.message ?? '');

/** The number stands in the message alone: as a code it would take the place of one that OpenAI's clients know. */
function describe({ code, message }: WireError, status: number, bodyText: string): UpstreamFailure {
  const number = code == null ? '' : String(code);
  const text = (message ?? `The provider answered with status ${status}.`).slice(0, messageLength);
  return {
    kind: (Object.hasOwn(kindOfCode, number) ? kindOfCode[number] : undefined) ?? kindOfStatus(status, bodyText),
    message: number === '' ? text : `${text} (${number})`,
  };
}
