import type { FailureKind, ResponseHead, UpstreamFailure } from '@sluice/protocol';
import { describeFailure, describeInnerFailure } from '../http/describe-failure.ts';
import type { FailureRule } from '../http/failure-rule.ts';
import { parseText } from '../parse-text.ts';
import { statusBodySchema } from './wire.ts';

/** Cooldown of a banned key, in ms: a ban does not end by itself, and each further call counts against the account. */
const bannedCooldownMs = 3_600_000;

/** Rules for iFlow's own numbers, which come in the body with any status, or as the status itself. */
const iflowRules: readonly FailureRule[] = [
  ...numbered('permission', [434, 438], { cooldownMs: bannedCooldownMs }),
  // Refused because of wrong use of the key: a retry makes it worse.
  ...numbered('permission', [406]),
  ...numbered('authentication', [439]),
  ...numbered('rate_limit', [449]),
];

function numbered(kind: FailureKind, numbers: readonly number[], more: Partial<FailureRule> = {}): FailureRule[] {
  return [
    { ...more, code: new RegExp(`^(?:${numbers.join('|')})$`), kind },
    { ...more, status: numbers, kind },
  ];
}

export function toFailure(head: ResponseHead, bodyText: string): UpstreamFailure {
  const failure = describeFailure(head, bodyText, iflowRules);
  const stated = parseText(statusBodySchema, bodyText);
  return stated === undefined ? failure : { ...failure, code: String(stated.status) };
}

/** Describes an error in iFlow's shape, whatever the status of the answer; returns undefined for any other text. */
export function toStatedFailure(text: string): UpstreamFailure | undefined {
  const body = parseText(statusBodySchema, text);
  if (body === undefined) return undefined;
  const nothingSaid = `The provider answered with status ${body.status}.`;
  return { ...describeInnerFailure(body, iflowRules, { nothingSaid }), code: String(body.status) };
}
