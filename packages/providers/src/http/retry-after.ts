import type { FailureKind, ResponseHead } from '@sluice/protocol';
import { parseDelay } from './parse-delay.ts';

/** Parts of an error that may contain a wait. */
export interface DelayHints {
  readonly kind: FailureKind;
  /** Wait in a separate field of the body, as in `34.4s`. */
  readonly delay: string | undefined;
  /** Readable text of the error. */
  readonly text: string;
}

/**
 * Reads the wait that the provider asks for, in whole ms from 0 to 24 h; undefined if there is none or it is
 * unreadable. The first readable source counts:
 *
 * 1. a field of the body: Google's `RetryInfo`, `retry_after`;
 * 2. `retry-after-ms`, then `retry-after`;
 * 3. for rate limits only: the text ("Please try again in 1.5s");
 * 4. for rate limits only: the time at which an exhausted limit is refilled (`x-ratelimit-reset…` and similar).
 */
export function retryAfterMs(head: Partial<ResponseHead>, hints?: DelayHints): number | undefined {
  const { headers = {}, receivedAt: now = 0 } = head;
  const read = (text: string | undefined, unit: 's' | 'ms' = 's'): number | undefined =>
    text === undefined ? undefined : parseDelay(text, { unit, now });
  const stated = read(hints?.delay) ?? read(headers['retry-after-ms'], 'ms') ?? read(headers['retry-after']);
  if (stated !== undefined || hints?.kind !== 'rate_limit') return stated;
  return read(delayInText(hints.text)) ?? resetMs(headers, read);
}

const spokenDelay =
  /\b(?:try again|retry|wait|come back)\b[^.\d]{0,40}?\b(?:in|after|for)\s(?:about\s|approximately\s)?((?:\d+(?:\.\d+)?\s?(?:milliseconds?|seconds?|secs?|minutes?|mins?|hours?|days?|ms|s|m|h|d)\b[,\s]{0,2}|\d+(?:\.\d+)?(?:ms|s|m|h|d)(?=\d)){1,4})/i;

function delayInText(text: string): string | undefined {
  return spokenDelay.exec(text.slice(0, 1000))?.[1]?.replace(/[,\s]+$/, '');
}

/** Headers with the time at which a limit is refilled, each with the header of its remainder. */
const resets: readonly (readonly [reset: string, remaining: string])[] = [
  ['x-ratelimit-reset-requests', 'x-ratelimit-remaining-requests'],
  ['x-ratelimit-reset-tokens', 'x-ratelimit-remaining-tokens'],
  ['anthropic-ratelimit-requests-reset', 'anthropic-ratelimit-requests-remaining'],
  ['anthropic-ratelimit-tokens-reset', 'anthropic-ratelimit-tokens-remaining'],
  ['anthropic-ratelimit-input-tokens-reset', 'anthropic-ratelimit-input-tokens-remaining'],
  ['anthropic-ratelimit-output-tokens-reset', 'anthropic-ratelimit-output-tokens-remaining'],
  ['x-ratelimit-reset', 'x-ratelimit-remaining'],
  ['ratelimit-reset', 'ratelimit-remaining'],
];

/** Returns the wait for exhausted limits; other limits may take minutes to refill, but do not block requests. */
function resetMs(
  headers: ResponseHead['headers'],
  read: (text: string | undefined) => number | undefined,
): number | undefined {
  const delays = resets.flatMap(([reset, remaining]) => {
    const left = headers[remaining];
    const isSpent = left !== undefined && /^0+(?:\.0+)?$/.test(left.trim());
    return isSpent ? (read(headers[reset]) ?? []) : [];
  });
  return delays.length === 0 ? undefined : Math.max(...delays);
}
