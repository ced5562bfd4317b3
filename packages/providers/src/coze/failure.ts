import type { FailureKind, ResponseHead, UpstreamFailure } from '@sluice/protocol';
import { retryAfterMs } from '../http/retry-after.ts';
import { kindOfStatus } from '../http/status-kind.ts';
import { parseText } from '../parse-text.ts';
import { errorSchema, type WireChat, type WireError } from './wire.ts';

/** Longest text of a provider that is passed on. */
const messageLength = 1000;

/** Codes of the cloud have four digits; those of the Studio nine. */
const kindOfCode: ReadonlyMap<number, FailureKind> = new Map([
  [4000, 'invalid_request'],
  [4013, 'rate_limit'],
  // A chat still runs in this conversation. Each call has one of its own, so the next finds it free.
  [4016, 'busy'],
  [4100, 'authentication'],
  [4101, 'permission'],
  [4200, 'not_found'],
  [5000, 'server'],
  [700_012_006, 'authentication'],
  [103_000_000, 'invalid_request'],
  [103_000_001, 'permission'],
  [103_000_002, 'not_found'],
  // The run of the agent failed, for whatever reason.
  [103_100_001, 'server'],
  [103_100_002, 'not_found'],
  [103_200_003, 'not_found'],
]);

/** For answers that are not 2xx. The code says more than the status. */
export function toFailure(head: ResponseHead, bodyText: string): UpstreamFailure {
  const error = parseText(errorSchema, bodyText) ?? {};
  const logId = error.detail?.logid ?? head.headers['x-tt-logid'];
  return {
    ...describe({ ...error, detail: { logid: logId } }, kindOfStatus(head.status, bodyText)),
    status: head.status,
    retryAfterMs: retryAfterMs(head),
  };
}

/** An error that came with status 200: inside a stream, or in place of one. */
export function toInnerFailure(error: WireError): UpstreamFailure {
  const { code, msg } = error;
  const hasStatus = code != null && code >= 400 && code < 600;
  const kindOfUnknown = isError(error) ? 'unexpected' : 'server';
  return describe(error, hasStatus ? kindOfStatus(code, msg ?? '') : kindOfUnknown);
}

/** Does it say what is wrong, and not that nothing is? */
export const isError = ({ code }: WireError): boolean => code != null && code !== 0;

/** Why a chat brings no answer; undefined for one that runs or is complete. */
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
    // The Studio's spelling is the second.
    case 'requires_action':
    case 'required_action':
      return {
        kind: 'unexpected',
        message:
          'The bot waits for the result of a tool that its caller is to run, which this gateway can not do for it.',
        code: status,
      };
    default:
      return { kind: 'unexpected', message: `The provider ended the chat as "${status}".`, code: status };
  }
}

function describe(error: WireError, kindOfUnknown: FailureKind): UpstreamFailure {
  const { msg, detail } = error;
  const code = isError(error) ? error.code : undefined;
  const said = msg ?? '';
  const unsaid = code == null ? 'The provider failed without saying why.' : `The provider failed with code ${code}.`;
  const log = detail?.logid ? ` (log ${detail.logid})` : '';
  const kind = (code == null ? undefined : kindOfCode.get(code)) ?? kindOfUnknown;
  return {
    kind,
    message: ((said === '' ? unsaid : said) + log).slice(0, messageLength),
    // Clients know a missing model by OpenAI's word for it, not by a number.
    code: code == null || kind === 'not_found' ? undefined : String(code),
  };
}
