import { providers } from '@sluice/providers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const adapter = providers.openai.create({});
const now = Date.UTC(2026, 10, 30, 12, 0, 0);
const day = 24 * 3_600_000;

type Headers = Readonly<Record<string, string>>;
const waitOf = (headers: Headers, body = '', status = 429): number | undefined =>
  adapter.toFailure({ status, headers, receivedAt: now }, body).retryAfterMs;
const retryAfter = (text: string): number | undefined => waitOf({ 'retry-after': text });

describe('retry-after', () => {
  it.each<[string, number | undefined]>([
    ['0', 0],
    ['00', 0],
    ['2', 2000],
    ['1.5', 1500],
    ['.5', 500],
    ['0.0001', 1],
    [' 7 ', 7000],
    ['5, 5', 5000],
    ['1, 30', 30_000],
    ['86400', day],
    ['172800', day],
    ['31536000', day],
    // Not near the current time, and too long for a wait.
    ['99999999999', undefined],
    ['99999999999999999999', undefined],
    ['9'.repeat(30), undefined],
    ['9'.repeat(400), undefined],
    [`0.${'0'.repeat(500)}1`, undefined],
    ['1e9', undefined],
    ['0x10', undefined],
    ['Infinity', undefined],
    ['NaN', undefined],
    ['-3', undefined],
    ['-0', undefined],
    ['', undefined],
    ['   ', undefined],
    ['soon', undefined],
    ['null', undefined],
    // Points in time since 1970, in s, ms, µs and ns.
    [String(now / 1000 + 30), 30_000],
    [String(now + 30_000), 30_000],
    [String((now + 30_000) * 1000), 30_000],
    [`${now + 30_000}000000`, 30_000],
    [String(now / 1000 - 30), 0],
    [String(now / 1000 + 100 * 86_400), day],
    [String(now / 1000 + 400 * 86_400), undefined],
    // The three formats of RFC 9110, and others in use.
    ['Mon, 30 Nov 2026 12:00:09 GMT', 9000],
    ['Monday, 30-Nov-26 12:00:09 GMT', 9000],
    ['Mon Nov 30 12:00:09 2026', 9000],
    ['Mon Nov 30 12:00:09 GMT 2026', 9000],
    ['Sun Nov  6 08:49:37 1994', 0],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 0],
    ['Sun, 06 Nov 1994 08:49:37 GMT', 0],
    ['Mon, 30 Nov 2026 20:00:09 +0800', 9000],
    ['Mon, 30 Nov 2026 13:00:09 +01:00', 9000],
    ['Mon, 30 Nov 2026 06:30:09 -0530', 9000],
    ['30 Nov 2026 12:00:09 UTC', 9000],
    ['2026-11-30T12:00:09Z', 9000],
    ['2026-11-30T12:00:09.250Z', 9000],
    ['2026-11-30 20:00:09+08:00', 9000],
    ['Tue, 01 Dec 2026 12:00:00 GMT', day],
    ['Fri, 31 Dec 9999 23:59:59 GMT', undefined],
    ['Mon, 45 Nov 2026 12:00:09 GMT', undefined],
    ['Mon, 30 Foo 2026 12:00:09 GMT', undefined],
    // Durations.
    ['6ms', 6],
    ['1m30s', 90_000],
    ['1h2m3s', 3_723_000],
    ['1m30.5s', 90_500],
    ['34.4s', 34_400],
    ['500µs', 1],
    ['2 seconds', 2000],
    ['1 minute', 60_000],
    ['1 hour, 30 minutes', 5_400_000],
    ['3d', day],
    ['9999999d', undefined],
    ['5 bananas', undefined],
    ['5s 5', undefined],
  ])('of %j gives a wait of %s ms', (text, ms) => {
    expect(retryAfter(text)).toBe(ms);
  });

  it('in ms takes precedence over the one in s, unless it is unreadable', () => {
    expect(waitOf({ 'retry-after-ms': '250', 'retry-after': '9' })).toBe(250);
    expect(waitOf({ 'retry-after-ms': '9'.repeat(30), 'retry-after': '9' })).toBe(9000);
    expect(waitOf({ 'retry-after-ms': String(now + 500) })).toBe(500);
    expect(waitOf({ 'retry-after-ms': String(10 * day) })).toBe(day);
  });

  it('is read with any status and body', () => {
    for (const status of [400, 429, 500, 503, 529]) {
      for (const body of ['', '<html>', '\u001f\ufffd\ufffd\u0000\ufffd', '{"error"', '[]', 'null']) {
        expect(waitOf({ 'retry-after': '4' }, body, status)).toBe(4000);
      }
    }
  });

  const bounded = (ms: number | undefined): boolean =>
    ms === undefined || (Number.isSafeInteger(ms) && ms >= 0 && ms <= day);
  const digits = fc.stringMatching(/^[0-9]{0,60}(\.[0-9]{0,40})?$/);
  const almostDate = fc.stringMatching(
    /^(Mon|Xyz),? [0-9]{1,3}[ -](Nov|Foo|nov)[ -][0-9]{2,5} [0-9]{1,3}:[0-9]{2}:[0-9]{2}( GMT| \+9999|)$/,
  );
  const almostDuration = fc.stringMatching(/^([0-9]{1,20}(\.[0-9]{1,9})?(ms|s|m|h|d|w| years))+$/);

  it.each([
    ['any text', fc.string({ maxLength: 500 })],
    ['any text of any characters', fc.string({ unit: 'binary', maxLength: 100 })],
    ['digits', digits],
    ['numbers', fc.double().map(String)],
    ['dates', fc.date({ noInvalidDate: true }).map((date) => date.toUTCString())],
    ['almost dates', almostDate],
    ['almost durations', almostDuration],
  ])('of %s gives a whole number of ms from 0 to 24 h, or nothing', { timeout: 30_000 }, (_what, texts) => {
    fc.assert(
      fc.property(texts, fc.constantFrom('retry-after', 'retry-after-ms', 'x-ratelimit-reset'), (text, name) => {
        expect(bounded(waitOf({ [name]: text, 'x-ratelimit-remaining': '0' }))).toBe(true);
        expect(
          bounded(waitOf({}, JSON.stringify({ error: { message: `try again in ${text}`, retry_after: text } }))),
        ).toBe(true);
      }),
    );
  });
});

describe('without a header, a wait', () => {
  const said = (message: string, more: object = {}): string => JSON.stringify({ error: { message, ...more } });

  it.each<[string, number | undefined]>([
    ['Rate limit reached for gpt-4o. Please try again in 1.5s. Visit the docs.', 1500],
    ['Limit 3, Used 3, Requested 1. Please try again in 7m12s.', 432_000],
    ['Please try again in 6ms.', 6],
    ['Please retry after 6 seconds.', 6000],
    ['Too many requests, retry in 2 minutes', 120_000],
    ['reached organization max RPM: 3, please try again after 1 seconds', 1000],
    ['Please try again later.', undefined],
    ['You have 20 requests a minute.', undefined],
    [`Please try again in ${'9'.repeat(60)}s`, undefined],
    // Text that a client has sent is in quotes.
    ['Invalid value: "try again in 23h"', undefined],
  ])('is read from the text of a rate limit: %s', (message, ms) => {
    expect(waitOf({}, said(message))).toBe(ms);
  });

  it('is not read from the text of any other failure', () => {
    expect(waitOf({}, said('Please try again in 20s'), 400)).toBeUndefined();
    expect(waitOf({}, said('Please try again in 20s'), 500)).toBeUndefined();
  });

  it.each<[Headers, number | undefined]>([
    [{ 'x-ratelimit-reset-requests': '1s', 'x-ratelimit-remaining-requests': '0' }, 1000],
    [
      {
        'x-ratelimit-reset-requests': '1s',
        'x-ratelimit-remaining-requests': '0',
        'x-ratelimit-reset-tokens': '6m0s',
        'x-ratelimit-remaining-tokens': '0',
      },
      360_000,
    ],
    // This limit does not block requests.
    [{ 'x-ratelimit-reset-tokens': '6m0s', 'x-ratelimit-remaining-tokens': '149984' }, undefined],
    [{ 'x-ratelimit-reset-tokens': '6m0s' }, undefined],
    [{ 'x-ratelimit-reset': String(now + 60_000), 'x-ratelimit-remaining': '0' }, 60_000],
    [{ 'ratelimit-reset': '12', 'ratelimit-remaining': '0' }, 12_000],
    [
      {
        'anthropic-ratelimit-requests-reset': '2026-11-30T12:00:20Z',
        'anthropic-ratelimit-requests-remaining': '0',
      },
      20_000,
    ],
    [{ 'x-ratelimit-reset': '1s', 'x-ratelimit-remaining': '0', 'retry-after': '9' }, 9000],
  ])('is read from the limit that is exhausted: %j', (headers, ms) => {
    expect(waitOf(headers)).toBe(ms);
    expect(waitOf(headers, '', 401)).toBe(headers['retry-after'] === undefined ? undefined : 9000);
  });

  it('is read from a field of the body', () => {
    expect(waitOf({}, said('x', { retry_after: 3 }))).toBe(3000);
    expect(waitOf({}, said('x', { details: [{ retryDelay: '34.4s' }] }))).toBe(34_400);
    expect(waitOf({}, said('x', { details: [{ retryDelay: { seconds: 5 } }] }))).toBe(5000);
    expect(waitOf({}, said('x', { details: [{ retryDelay: `${'9'.repeat(40)}s` }] }))).toBeUndefined();
  });
});

describe("the provider's x-should-retry", () => {
  it.each<[string | undefined, boolean | undefined]>([
    ['true', true],
    ['false', false],
    ['False', false],
    ['maybe', undefined],
    [undefined, undefined],
  ])('of %s is %s', (value, expected) => {
    for (const type of [
      'openai',
      'anthropic',
      'gemini',
      'bailian',
      'coze',
      'iflow',
      'ollama',
      'azure',
      'zai',
    ] as const) {
      const headers = value === undefined ? {} : { 'x-should-retry': value };
      const failure = providers[type].create({}).toFailure({ status: 503, headers, receivedAt: now }, '');
      expect(failure.shouldRetry).toBe(expected);
    }
  });
});
