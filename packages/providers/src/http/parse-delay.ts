import { parseHttpDate } from './http-date.ts';

/**
 * Maximum wait; longer ones are reduced to it. The maximum cooldown of a credential is a separate setting,
 * `retry.max_cooldown_ms`.
 */
const longestDelayMs = 24 * 3_600_000;

/** Maximum plausible distance of a point in time from now. */
const nearMs = 366 * 24 * 3_600_000;

/** Maximum length of a text, in characters; bounds the work of the patterns below. */
const longestText = 64;

export interface DelayOptions {
  /** Unit of a bare number. */
  readonly unit: 's' | 'ms';
  /** Arrival time of the text, in ms since 1970. */
  readonly now: number;
}

/**
 * Parses a provider's wait: a number, a duration (`1m30s`, `6ms`, `2 seconds`), a date, or a point in time in s, ms, µs
 * or ns since 1970. A number is a point in time only if it is too large for a duration and lies within a year of now.
 *
 * @returns whole ms from 0 to 24 h; 0 for the past; undefined if the text is unreadable or implausible
 */
export function parseDelay(text: string, options: DelayOptions): number | undefined {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed.length > longestText) return undefined;
  const ms = toMs(trimmed, options);
  return ms === undefined || !Number.isFinite(ms) ? undefined : Math.ceil(Math.min(longestDelayMs, Math.max(0, ms)));
}

function toMs(text: string, { unit, now }: DelayOptions): number | undefined {
  if (/^\d+(?:\.\d+)?$|^\.\d+$/.test(text)) return numberToMs(Number(text), unit, now);
  // A header that was sent twice.
  if (/^\d+(?:, ?\d+)+$/.test(text)) {
    return numberToMs(Math.max(...text.split(',').map(Number)), unit, now);
  }
  const duration = parseDuration(text);
  if (duration !== undefined) return duration <= nearMs ? duration : undefined;
  const at = parseHttpDate(text, now);
  return at === undefined || at - now > nearMs ? undefined : at - now;
}

function numberToMs(count: number, unit: 's' | 'ms', now: number): number | undefined {
  const asDuration = unit === 's' ? count * 1000 : count;
  if (asDuration <= nearMs) return asDuration;
  // As s, ms, µs and ns since 1970.
  const at = [count * 1000, count, count / 1000, count / 1e6].find((ms) => Math.abs(ms - now) <= nearMs);
  return at === undefined ? undefined : at - now;
}

const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const part = /^(\d+(?:\.\d+)?)\s?([a-zµμ]+)[,\s]*/i;

/** Parses durations in Go's form and in words; returns undefined for any other text. */
function parseDuration(text: string): number | undefined {
  let rest = text;
  let total = 0;
  while (rest !== '') {
    const [whole, count, unit = ''] = part.exec(rest) ?? [];
    const factor = unitOf(unit);
    if (whole === undefined || factor === undefined) return undefined;
    total += Number(count) * factor;
    rest = rest.slice(whole.length);
  }
  return total;
}

const longUnits: readonly (readonly [RegExp, string])[] = [
  [/^(?:millisecond|msec)s?$/i, 'ms'],
  [/^sec(?:ond)?s?$/i, 's'],
  [/^min(?:ute)?s?$/i, 'm'],
  [/^(?:hours?|hrs?)$/i, 'h'],
  [/^days?$/i, 'd'],
];

function unitOf(unit: string): number | undefined {
  const short = longUnits.find(([pattern]) => pattern.test(unit))?.[1] ?? unit.toLowerCase();
  return Object.hasOwn(unitMs, short) ? unitMs[short] : undefined;
}
