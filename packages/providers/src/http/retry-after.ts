import type { ResponseHead } from '@sluice/protocol';

/**
 * How long the provider asks us to wait, in ms: `retry-after-ms`, else `retry-after` in seconds or as an HTTP date.
 * Undefined when it does not say, or says nonsense.
 */
export function retryAfterMs({ headers, receivedAt }: ResponseHead): number | undefined {
  const inMs = toNonNegative(headers['retry-after-ms']);
  if (inMs !== undefined) return inMs;
  const text = headers['retry-after']?.trim();
  const seconds = toNonNegative(text);
  if (seconds !== undefined) return seconds * 1000;
  if (text === undefined) return undefined;
  // Date.parse alone takes "-3" for a year.
  const at = text.endsWith('GMT') ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, at - receivedAt);
}

function toNonNegative(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+(?:\.\d+)?$/.test(text.trim()) ? Number(text) : undefined;
}
