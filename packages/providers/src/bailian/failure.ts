import type { FailureKind, ResponseHead, UpstreamFailure } from '@sluice/protocol';
import { retryAfterMs } from '../http/retry-after.ts';
import { kindOfStatus } from '../http/status-kind.ts';
import { parseText } from '../parse-text.ts';
import { errorSchema, type NativeError } from './wire.ts';

/** Longest text of a provider that is passed on. */
const messageLength = 1000;

/** Codes that say more than the status. Source: https://help.aliyun.com/zh/model-studio/developer-reference/error-code */
const kindOfCodes: readonly (readonly [RegExp, FailureKind])[] = [
  [/^(?:DataInspectionFailed|data_inspection_failed)$/, 'content_policy'],
  [/^Arrearage$/, 'quota'],
  // Tokens per minute or what was bought: minutes rather than seconds.
  [/^Throttling\.AllocationQuota$/, 'quota'],
  [/^Throttling(?:\.|$)/, 'rate_limit'],
  [/^InvalidApiKey$/, 'authentication'],
  [/(?:^|\.)AccessDenied(?:\.|$)/, 'permission'],
];

/** How the provider says that a prompt is too long; the code that comes with it varies. */
const tooLong = /range of input length should be/i;

/** Codes of a request that is wrong, for errors that come without a status. */
const wrongRequest = /^(?:InvalidParameter|BadRequest|InvalidURL|UnsupportedOperation|FlowNotPublished)/;

export function toFailure(head: ResponseHead, bodyText: string): UpstreamFailure {
  const error = readError(bodyText) ?? {};
  return {
    ...describe(error, head.status, bodyText),
    status: head.status,
    retryAfterMs: retryAfterMs(head),
  };
}

/** An error that came inside an answer of status 200, with the status that a frame names. */
export function toInnerFailure(error: Partial<NativeError>, status: number | undefined): UpstreamFailure {
  const meant = status ?? (wrongRequest.test(error.code ?? '') ? 400 : 502);
  return { ...describe(error, meant, error.message ?? error.msg ?? ''), status };
}

/** What a code means whatever the status; undefined for those that say no more than it. */
export function kindOfCode(code: string | undefined): FailureKind | undefined {
  return code === undefined ? undefined : kindOfCodes.find(([pattern]) => pattern.test(code))?.[1];
}

/** Reads an error body. Some come framed as an event although they are labelled JSON. */
export function readError(text: string): Partial<NativeError> | undefined {
  const json = text.trimStart().startsWith('{') ? text : /^data:(.*)$/m.exec(text)?.[1];
  return json === undefined ? undefined : parseText(errorSchema, json);
}

function describe(error: Partial<NativeError>, status: number, bodyText: string): UpstreamFailure {
  const code = error.code || undefined;
  const message = error.message || error.msg || `The provider answered with status ${status}.`;
  const kind = tooLong.test(message) ? 'context_length' : (kindOfCode(code) ?? kindOfStatus(status, bodyText));
  return { kind, message: message.slice(0, messageLength), code };
}
