import type { ServerResponse } from 'node:http';
import type { Rates, RateState } from '@sluice/admission';

/** Sets OpenAI's `x-ratelimit-*` headers for the limits of the key. */
export function setRateHeaders(response: ServerResponse, { requests, tokens }: Rates): void {
  if (requests !== undefined) setOne(response, 'requests', requests);
  if (tokens !== undefined) setOne(response, 'tokens', tokens);
}

function setOne(response: ServerResponse, unit: 'requests' | 'tokens', { limit, remaining, resetMs }: RateState): void {
  response.setHeader(`x-ratelimit-limit-${unit}`, limit);
  response.setHeader(`x-ratelimit-remaining-${unit}`, remaining);
  response.setHeader(`x-ratelimit-reset-${unit}`, goDuration(resetMs));
}

/** Formats a duration for OpenAI's headers, which use Go's form: `0s`, `450ms`, `1.2s`, `6m0s`. */
export function goDuration(ms: number): string {
  if (ms <= 0) return '0s';
  if (ms < 1000) return `${Math.ceil(ms)}ms`;
  const seconds = Math.ceil(ms / 100) / 10;
  if (seconds < 60) return `${seconds}s`;
  const whole = Math.ceil(seconds);
  const hours = Math.floor(whole / 3600);
  const minutes = `${Math.floor((whole % 3600) / 60)}m${whole % 60}s`;
  return hours > 0 ? `${hours}h${minutes}` : minutes;
}
