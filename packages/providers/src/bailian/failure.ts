import type { ResponseHead, UpstreamFailure } from '@sluice/protocol';
import { describeFailure, describeInnerFailure } from '../http/describe-failure.ts';
import type { FailureRule } from '../http/failure-rule.ts';
import { parseText } from '../parse-text.ts';
import { errorSchema, type NativeError } from './wire.ts';

/** Codes that are more precise than the status. Source: https://help.aliyun.com/zh/model-studio/error-code */
const bailianRules: readonly FailureRule[] = [
  { code: /^(?:DataInspectionFailed|data_inspection_failed)$/, kind: 'content_policy' },
  { code: /^Arrearage$/, kind: 'quota' },
  // A token limit per minute, or the purchased amount: lasts minutes rather than seconds. The plain models use OpenAI's
  // code for it.
  { code: /^(?:Throttling\.AllocationQuota|AllocationQuota\.\w+)$/, kind: 'quota' },
  { code: /^Throttling\.User$/, kind: 'rate_limit', scope: 'account' },
  { code: /^(?:Throttling(?:\.\w+)?|limit_requests|limit_burst_rate)$/, kind: 'rate_limit' },
  { code: /^(?:InvalidApiKey|invalid_api_key)$/, kind: 'authentication' },
  { code: /^(?:Model\.AccessDenied|AccessDenied\.Unpurchased)$/, kind: 'permission', says: 'model_not_allowed' },
  { code: /^(?:ModelNotFound|model_not_found|Model\.NotFound|ModelUnavailable\.Offline)$/, kind: 'not_found' },
  { text: /range of input length should be|input length exceeds/i, kind: 'context_length' },
  // An account with debts, under any code.
  { text: /in arrears|good standing|overdue|欠费/i, kind: 'quota' },
  { code: /(?:^|\.)AccessDenied(?:\.|$)|^access_denied$/, kind: 'permission' },
];

/** Codes of an invalid request, for errors without a status. */
const innerRules: readonly FailureRule[] = [
  ...bailianRules,
  {
    code: /^(?:InvalidParameter|BadRequest|InvalidURL|UnsupportedOperation|FlowNotPublished)/,
    kind: 'invalid_request',
  },
];

export const toFailure = (head: ResponseHead, bodyText: string): UpstreamFailure =>
  describeFailure(head, bodyText, bailianRules);

/** Describes an error inside an answer with status 200, with the status in a frame. */
export function toInnerFailure(error: unknown, status: number | undefined): UpstreamFailure {
  const nothingSaid = `The provider answered with status ${status ?? 502}.`;
  const failure = describeInnerFailure(error, status === undefined ? innerRules : bailianRules, {
    status,
    nothingSaid,
  });
  return { ...failure, status };
}

/** Reads an error body. Some are framed as an event although they are labelled JSON. */
export function readError(text: string): Partial<NativeError> | undefined {
  const json = text.trimStart().startsWith('{') ? text : /^data:(.*)$/m.exec(text)?.[1];
  return json === undefined ? undefined : parseText(errorSchema, json);
}
