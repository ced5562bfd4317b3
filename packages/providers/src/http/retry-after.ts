import type { FailureKind, ResponseHead } from '@sluice/protocol';
import { parseDelay } from './parse-delay.ts';

/** The parts of an error that may name a wait. */
export interface DelayHints {
  readonly kind: FailureKind;
  /** A delay that the body names in a field of its own, as in `34.4s`. */
  readonly delay: string | undefined;
  /** The error's text for people. */
  readonly text: string;
}

/**
 * Reads the wait that the provider asks for, in whole ms from 0 to 24 h; undefined if there is none that can be read.
 * The first of these that can be read counts:
 *
 * 1. a field of the body: Google's `RetryInfo`, `retry_after`;
 * 2. `retry-after-ms`, then `retry-after`;
 * 3. of a rate limit alone: what the text says ("Please try again in 1.5s");
 * 4. of a rate limit alone: when a limit of which nothing remains is filled again (`x-ratelimit-reset…` and its like).
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

/** Headers with the time at which a limit is full again, each with the header of what remains. */
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

/** Only limits of which nothing remains: the others may take minutes to fill, but do not block requests. */
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
