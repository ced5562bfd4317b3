import { type FailureKind, isObject, type ResponseHead, type UpstreamFailure } from '@sluice/protocol';
import { describeFailure, describeInnerFailure } from '../http/describe-failure.ts';
import type { FailureRule } from '../http/failure-rule.ts';

/**
 * Rules for the API's own numbers, which are more precise than its statuses: an empty balance is a 429. Sources:
 * https://docs.z.ai/api-reference/api-code, https://docs.bigmodel.cn/cn/api/api-code
 */
const zaiRules: readonly FailureRule[] = [
  numbered('authentication', 1000, 1001, 1002, 1003, 1004),
  numbered('permission', 1110, 1111, 1112, 1120, 1121, 1313),
  // The plan of this key lacks the API or the model.
  { ...numbered('permission', 1220, 1311), says: 'model_not_allowed' },
  numbered('quota', 1113, 1304, 1308, 1309, 1310, 1316, 1317),
  numbered('context_length', 1261),
  numbered('content_policy', 1300, 1301),
  numbered('not_found', 1211, 1221, 1222),
  numbered('invalid_request', 1210, 1212, 1213, 1214, 1215, 1231),
  // Limits of the account: concurrent requests and request rate.
  { ...numbered('rate_limit', 1302, 1303), scope: 'account' },
  // Limit of the model, for all accounts.
  numbered('rate_limit', 1305),
  numbered('server', 500, 1200, 1230, 1234, 1312),
  { status: [434], kind: 'permission' },
  { status: [435], kind: 'context_length' },
];

function numbered(kind: FailureKind, ...numbers: readonly number[]): FailureRule {
  return { code: new RegExp(`^(?:${numbers.join('|')})$`), kind };
}

export const toFailure = (head: ResponseHead, bodyText: string): UpstreamFailure =>
  withNumber(describeFailure(head, bodyText, zaiRules), numberIn(bodyText));

/** Describes an error inside an answer with status 200. */
export function toInnerFailure(error: unknown): UpstreamFailure {
  const code = isObject(error) ? error['code'] : undefined;
  const number = typeof code === 'string' || typeof code === 'number' ? String(code) : '';
  return withNumber(describeInnerFailure(error, zaiRules), number);
}

/** Returns the first number in the body that is named `code`. */
const numberIn = (bodyText: string): string =>
  /"code"\s{0,4}:\s{0,4}"?(\d{1,6})\b/.exec(bodyText.slice(0, 4000))?.[1] ?? '';

/** Adds the number to the message only: as a code it would replace one that OpenAI's clients know. */
function withNumber({ code, ...failure }: UpstreamFailure, number: string): UpstreamFailure {
  const message = number === '' ? failure.message : `${failure.message} (${number})`;
  return { ...failure, message, ...(code === 'model_not_allowed' || code === 'request_too_large' ? { code } : {}) };
}
