import type { ResponseHead, UpstreamFailure } from '@sluice/protocol';
import { describeFailure, describeInnerFailure } from '../http/describe-failure.ts';
import type { FailureRule } from '../http/failure-rule.ts';
import { parseText } from '../parse-text.ts';
import { errorSchema, type NativeError } from './wire.ts';

/** Codes that say more than the status. Source: https://help.aliyun.com/zh/model-studio/error-code */
const bailianRules: readonly FailureRule[] = [
  { code: /^(?:DataInspectionFailed|data_inspection_failed)$/, kind: 'content_policy' },
  { code: /^Arrearage$/, kind: 'quota' },
  // Tokens per minute or what was bought: minutes rather than seconds. The plain models call it by OpenAI's name.
  { code: /^(?:Throttling\.AllocationQuota|AllocationQuota\.\w+)$/, kind: 'quota' },
  { code: /^Throttling\.User$/, kind: 'rate_limit', scope: 'account' },
  { code: /^(?:Throttling(?:\.\w+)?|limit_requests|limit_burst_rate)$/, kind: 'rate_limit' },
  { code: /^(?:InvalidApiKey|invalid_api_key)$/, kind: 'authentication' },
  { code: /^(?:Model\.AccessDenied|AccessDenied\.Unpurchased)$/, kind: 'permission', says: 'model_not_allowed' },
  { code: /^(?:ModelNotFound|model_not_found|Model\.NotFound|ModelUnavailable\.Offline)$/, kind: 'not_found' },
  { text: /range of input length should be|input length exceeds/i, kind: 'context_length' },
  // Of an account that owes money, under any of its codes.
  { text: /in arrears|good standing|overdue|欠费/i, kind: 'quota' },
  { code: /(?:^|\.)AccessDenied(?:\.|$)|^access_denied$/, kind: 'permission' },
];

/** Codes of a request that is wrong, for errors that come without a status. */
const innerRules: readonly FailureRule[] = [
  ...bailianRules,
  {
    code: /^(?:InvalidParameter|BadRequest|InvalidURL|UnsupportedOperation|FlowNotPublished)/,
    kind: 'invalid_request',
  },
];

export const toFailure = (head: ResponseHead, bodyText: string): UpstreamFailure =>
  describeFailure(head, bodyText, bailianRules);

/** An error that came inside an answer of status 200, with the status that a frame names. */
export function toInnerFailure(error: unknown, status: number | undefined): UpstreamFailure {
  const nothingSaid = `The provider answered with status ${status ?? 502}.`;
  const failure = describeInnerFailure(error, status === undefined ? innerRules : bailianRules, {
    status,
    nothingSaid,
  });
  return { ...failure, status };
}

/** Reads an error body. Some come framed as an event although they are labelled JSON. */
export function readError(text: string): Partial<NativeError> | undefined {
  const json = text.trimStart().startsWith('{') ? text : /^data:(.*)$/m.exec(text)?.[1];
  return json === undefined ? undefined : parseText(errorSchema, json);
}
