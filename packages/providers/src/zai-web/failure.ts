import type { ResponseHead, UpstreamFailure } from '@sluice/protocol';
import { describeFailure, describeInnerFailure } from '../http/describe-failure.ts';
import type { FailureRule } from '../http/failure-rule.ts';
import type { WebError } from './wire.ts';

const captchaMessage =
  'chat.z.ai asks for the captcha of its web page, which this gateway does not solve. Use the official API instead: an upstream of type zai.';
const versionMessage =
  'chat.z.ai considers this version of its web page too old: set the option zai_web_version of the upstream to a newer one.';
const wallMessage = 'The firewall of chat.z.ai blocks this gateway.';

const tooOld = { kind: 'unexpected', says: 'web_version_too_old', message: versionMessage } as const;

/** Rules for the backend's own errors, which are not documented. */
const zaiWebRules: readonly FailureRule[] = [
  // Neither time nor another key mends these: the request moves to another target.
  { code: /captcha/i, kind: 'unexpected', says: 'captcha_required', message: captchaMessage },
  { code: /^426$/, ...tooOld },
  { status: [426], ...tooOld },
  { text: /client version|client check/i, ...tooOld },
  { status: [405], kind: 'unexpected', says: 'blocked_by_firewall', message: wallMessage },
  { code: /^MODEL_CONCURRENCY_LIMIT$/, kind: 'rate_limit' },
  { text: /concurrency|并发/i, kind: 'rate_limit' },
  { text: /model.{0,40}not found/i, kind: 'not_found' },
  // The validity of a signature has ended, or a clock is wrong: the next attempt signs again.
  { status: [400, 403, 422], text: /signature/i, kind: 'server' },
  // One of the two endpoints for guests may be missing; the other may exist.
  { status: [404], kind: 'not_found' },
];

export const toFailure = (head: ResponseHead, bodyText: string): UpstreamFailure =>
  describeFailure(head, bodyText, zaiWebRules);

/** Describes an error inside an answer with status 200; most errors come this way. */
export const toInnerFailure = (error: WebError): UpstreamFailure => describeInnerFailure(error, zaiWebRules);
