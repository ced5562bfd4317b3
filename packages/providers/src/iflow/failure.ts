import type { FailureKind, ResponseHead, UpstreamFailure } from '@sluice/protocol';
import { describeFailure, describeInnerFailure } from '../http/describe-failure.ts';
import type { FailureRule } from '../http/failure-rule.ts';
import { parseText } from '../parse-text.ts';
import { statusBodySchema } from './wire.ts';

/** A banned key is not taken back by itself, and each call speaks against the account. */
const bannedCooldownMs = 3_600_000;

/** iFlow's own numbers, which come in the body under any status, or as the status itself. */
const iflowRules: readonly FailureRule[] = [
  ...numbered('permission', [434, 438], { cooldownMs: bannedCooldownMs }),
  // Refused for using the key in the wrong way: another try makes it worse.
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

/** An error in iFlow's shape, whatever the status of the answer that holds it; undefined for any other text. */
export function toStatedFailure(text: string): UpstreamFailure | undefined {
  const body = parseText(statusBodySchema, text);
  if (body === undefined) return undefined;
  const nothingSaid = `The provider answered with status ${body.status}.`;
  return { ...describeInnerFailure(body, iflowRules, { nothingSaid }), code: String(body.status) };
}
