import type { FailureKind } from '@sluice/protocol';

/** Statuses that say "it is me, not you": the request may be sent again as it is. 520 to 529 are proxies' and Anthropic's. */
const transient = (status: number): boolean =>
  status === 408 || status === 500 || (status >= 502 && status <= 504) || (status >= 520 && status <= 529);

/** Texts in a 400 with which providers say that they are busy. */
const busyTexts = ['系统繁忙', 'system busy', 'rate limit', 'too many requests', 'temporarily unavailable'];

/** What a status means where the provider's own code says no more. */
export function kindOfStatus(status: number, bodyText: string): FailureKind {
  if (transient(status)) return 'server';
  switch (status) {
    case 400:
      return saysBusy(bodyText) ? 'busy' : 'invalid_request';
    case 401:
      return 'authentication';
    case 403:
      return 'permission';
    case 404:
      return 'not_found';
    case 429:
      return 'rate_limit';
    default:
      return status >= 400 && status < 500 ? 'invalid_request' : 'unexpected';
  }
}

function saysBusy(bodyText: string): boolean {
  const text = bodyText.toLowerCase();
  return busyTexts.some((busy) => text.includes(busy));
}
