import type { FailureKind, ResponseHead, UpstreamFailure } from '@sluice/protocol';
import { describeFailure, describeInnerFailure } from '../http/describe-failure.ts';
import { longestMessage } from '../http/error-signs.ts';
import type { FailureRule } from '../http/failure-rule.ts';
import { parseText } from '../parse-text.ts';
import { errorSchema, type WireChat, type WireError } from './wire.ts';

/**
 * Rules for Coze's errors. Codes of the cloud have four digits, those of the Studio nine. Codes about plans and
 * balances are not documented; their texts decide. Source: https://www.coze.com/docs/developer_guides/coze_error_codes
 */
const cozeRules: readonly FailureRule[] = [
  numbered('rate_limit', 4013),
  // A chat is still running in this conversation. Each attempt uses a new conversation, so the next one is not
  // affected.
  numbered('busy', 4016),
  numbered('authentication', 4100, 700_012_006),
  numbered('permission', 4101, 103_000_001),
  numbered('not_found', 4200, 103_000_002, 103_100_002, 103_200_003),
  {
    text: /\bbot\w{0,3} (?:\S+ ){0,2}(?:has|is) not (?:been )?published|(?:bot|agent|智能体)[^。\n]{0,40}(?:未发布|不存在)|bot (?:\S+ )?not (?:found|exist)/i,
    kind: 'not_found',
  },
];

/** Codes that only report an error in general; rules about the text take precedence. */
const vague: ReadonlyMap<number, FailureKind> = new Map([
  [4000, 'invalid_request'],
  [5000, 'server'],
  [103_000_000, 'invalid_request'],
  // The run of the agent failed for an unstated reason.
  [103_100_001, 'server'],
]);

function numbered(kind: FailureKind, ...numbers: readonly number[]): FailureRule {
  return { code: new RegExp(`^(?:${numbers.join('|')})$`), kind };
}

/** Describes an answer that is not 2xx. The code is more precise than the status. */
export function toFailure(head: ResponseHead, bodyText: string): UpstreamFailure {
  const error = parseText(errorSchema, bodyText) ?? {};
  const failure = describeFailure(head, bodyText, cozeRules);
  return named(failure, { ...error, detail: { logid: error.detail?.logid ?? head.headers['x-tt-logid'] } });
}

/** Describes an error with status 200: inside a stream, or instead of one. */
export function toInnerFailure(error: WireError): UpstreamFailure {
  const { code } = error;
  const otherwise = (code == null ? undefined : vague.get(code)) ?? (isError(error) ? 'unexpected' : 'server');
  const nothingSaid = isError(error)
    ? `The provider failed with code ${code}.`
    : 'The provider failed without giving a reason.';
  return named(describeInnerFailure(error, cozeRules, { otherwise, nothingSaid }), error);
}

/** Returns whether an error object reports an error. */
export const isError = ({ code }: WireError): boolean => code != null && code !== 0;

/** Returns the reason why a chat brings no answer; undefined for one that is running or complete. */
export function toChatFailure({ status, last_error: error }: WireChat): UpstreamFailure | undefined {
  switch (status) {
    case null:
    case undefined:
    case 'created':
    case 'in_progress':
    case 'completed':
      return undefined;
    case 'failed':
      return toInnerFailure(error ?? {});
    // The second spelling is the Studio's.
    case 'requires_action':
    case 'required_action':
      return {
        kind: 'unexpected',
        message: 'The bot waits for the result of a tool that its caller must run, which this gateway can not do.',
        code: status,
      };
    default:
      return { kind: 'unexpected', message: `The provider ended the chat as "${status}".`, code: status };
  }
}

function named(failure: UpstreamFailure, error: WireError): UpstreamFailure {
  const log = error.detail?.logid ? ` (log ${error.detail.logid})` : '';
  const isNumbered = isError(error) && failure.kind !== 'not_found';
  return {
    ...failure,
    message: (failure.message + log).slice(0, longestMessage),
    // Clients expect OpenAI's code for a missing model, not a number.
    code: isNumbered ? String(error.code) : undefined,
  };
}
