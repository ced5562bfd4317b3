import type { ResponseHead, UpstreamFailure } from '@sluice/protocol';
import { describeFailure, describeInnerFailure } from '../http/describe-failure.ts';
import type { FailureRule } from '../http/failure-rule.ts';
import type { WebError } from './wire.ts';

const captchaMessage =
  'chat.z.ai asks for the captcha of its web page, which this gateway does not solve. Use the official API instead: an upstream of type zai.';
const versionMessage =
  'chat.z.ai takes this version of its web page for too old: the option zai_web_version of the upstream wants a newer one.';
const wallMessage = 'The firewall of chat.z.ai blocks this gateway.';

const tooOld = { kind: 'unexpected', says: 'web_version_too_old', message: versionMessage } as const;

/** Rules for the backend's own words, which are not documented. */
const zaiWebRules: readonly FailureRule[] = [
  // Neither time nor another key mends these: the target is left, and the next one asked.
  { code: /captcha/i, kind: 'unexpected', says: 'captcha_required', message: captchaMessage },
  { code: /^426$/, ...tooOld },
  { status: [426], ...tooOld },
  { text: /client version|client check/i, ...tooOld },
  { status: [405], kind: 'unexpected', says: 'blocked_by_firewall', message: wallMessage },
  { code: /^MODEL_CONCURRENCY_LIMIT$/, kind: 'rate_limit' },
  { text: /concurrency|并发/i, kind: 'rate_limit' },
  { text: /model.{0,40}not found/i, kind: 'not_found' },
  // The window of a signature has passed, or a clock is off: the next try signs anew.
  { status: [400, 403, 422], text: /signature/i, kind: 'server' },
  // One of the two endpoints for guests may be missing, which says nothing about the other.
  { status: [404], kind: 'not_found' },
];

export const toFailure = (head: ResponseHead, bodyText: string): UpstreamFailure =>
  describeFailure(head, bodyText, zaiWebRules);

/** An error that came inside an answer of status 200, as most of them do. */
export const toInnerFailure = (error: WebError): UpstreamFailure => describeInnerFailure(error, zaiWebRules);
