import type { FailureKind, ResponseHead, UpstreamFailure } from '@sluice/protocol';
import { kindOfStatus } from '../http/status-kind.ts';
import { openaiAdapter } from '../openai/index.ts';
import { parseText } from '../parse-text.ts';
import { statusBodySchema } from './wire.ts';

/** Longest text of iFlow that is passed on. */
const messageLength = 1000;

/** iFlow's own numbers, and HTTP statuses that mean something else here. */
const kinds: Readonly<Record<number, FailureKind>> = {
  // Refused for using the key in the wrong way: another try makes it worse.
  406: 'permission',
  434: 'permission',
  438: 'permission',
  439: 'authentication',
  449: 'rate_limit',
};

/** Keys that iFlow has banned: it does not take them back by itself, and each call speaks against the account. */
const banned: ReadonlySet<number> = new Set([434, 438]);
const bannedRestMs = 3_600_000;

const kindOf = (status: number, text: string): FailureKind =>
  kinds[status] ?? (status >= 500 ? 'server' : kindOfStatus(status, text));

export function toFailure(head: ResponseHead, bodyText: string): UpstreamFailure {
  const usual = openaiAdapter.toFailure(head, bodyText);
  const stated = toStatedFailure(bodyText);
  if (stated !== undefined) return { ...usual, ...stated };
  const isKnown = kinds[head.status] !== undefined || head.status >= 500;
  return isKnown ? { ...usual, kind: kindOf(head.status, bodyText) } : usual;
}

/** An error in iFlow's shape, whatever the status of the answer that holds it; undefined for any other text. */
export function toStatedFailure(text: string): UpstreamFailure | undefined {
  const body = parseText(statusBodySchema, text);
  if (body === undefined) return undefined;
  const message = (body.msg ?? `The provider answered with status ${body.status}.`).slice(0, messageLength);
  const failure = { kind: kindOf(body.status, text), message, code: String(body.status) };
  return banned.has(body.status) ? { ...failure, retryAfterMs: bannedRestMs } : failure;
}
