import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskKey, redactSecrets } from '../src/redact.ts';
import { plainSecret, shapedSecret } from './canary.ts';

describe('maskKey', () => {
  it('shows the first and last four characters', () => {
    expect(maskKey('sk-team-a-0001')).toBe('sk-t…0001');
  });

  it.each(['', 'sk-1', '12345678901'])('shows nothing of a key under twelve characters: %j', (key) => {
    expect(maskKey(key)).toBe('…');
  });
});

describe('redactSecrets', () => {
  it.each([
    ['authorization: Bearer sk-abc123', 'authorization: Bearer [redacted]'],
    ['curl -H "Authorization: Bearer tok-1234"', 'curl -H "Authorization: Bearer [redacted]"'],
    ['Incorrect API key provided: sk-abc12345.', 'Incorrect API key provided: [redacted].'],
    ['{"api_key":"hunter2hunter2"}', '{"api_key":"[redacted]"}'],
    ['body: "{\\"access_token\\":\\"abc\\"}"', 'body: "{\\"access_token\\":\\"[redacted]\\"}"'],
    ['GET /v1?key=AIzaShort&alt=sse', 'GET /v1?key=[redacted]&alt=sse'],
    ['x-api-key=abc, retry', 'x-api-key=[redacted], retry'],
    ['Authorization: Basic dXNlcjpwYXNz', 'Authorization: Basic [redacted]'],
    ['basic dXNlcjpwYXNzMQ==', 'basic [redacted]'],
    ['redis://default:p@ss@10.0.0.1:6379', 'redis://[redacted]@10.0.0.1:6379'],
    [`${'0a'.repeat(16)}.AbCdEfGh12345678`, `${'0a'.repeat(16)}.[redacted]`],
    ['redis://default:hunter2@10.0.0.1:6379/0', 'redis://[redacted]@10.0.0.1:6379/0'],
    ['connect to https://tok-1234@example.com/x failed', 'connect to https://[redacted]@example.com/x failed'],
  ])('removes the secret from %j', (text, expected) => {
    expect(redactSecrets(text)).toBe(expected);
  });

  it.each([
    'The Bearer token is missing.',
    'Use the Bearer scheme.',
    'basic authentication is not enough',
    'a risk-free desk-top',
    'You exceeded your current quota, please check your plan.',
    '{"api_key":null,"max_tokens":5}',
    'model gpt-4o-mini via sim/gpt-4o-mini took 3 ms',
    'mail to someone@example.com about https://example.com/a@b',
    'time 2026-11-20T10:00:00.000Z host redis://127.0.0.1:6379',
  ])('leaves prose unchanged: %j', (text) => {
    expect(redactSecrets(text)).toBe(text);
  });

  it('removes text in the form of a secret at every position', () => {
    const around = fc.string({
      unit: fc.constantFrom(' ', '"', "'", '{', '}', ':', ',', '=', '/', '?', '&', '\n', '\\"', '('),
    });
    fc.assert(
      fc.property(around, shapedSecret, around, (before, { secret, heart }, after) => {
        expect(redactSecrets(`${before}${secret}${after}`)).not.toContain(heart);
      }),
    );
  });

  it.each([
    ['JSON', (text: string) => JSON.stringify(text)],
    ['JSON within JSON', (text: string) => JSON.stringify(JSON.stringify(text))],
    ['a URL', (text: string) => encodeURIComponent(text)],
  ])('recognises the start of a word in %s after every escape', (_, encode) => {
    const before = fc.string({ unit: fc.constantFrom(...'\n\r\t\b\f\u0000\u2028 "\'\\/<>{}:;,='.split('')) });
    const name = fc.constantFrom('', 'Bearer ', 'api_key=');
    fc.assert(
      fc.property(before, name, shapedSecret, (start, label, { secret, heart }) => {
        expect(redactSecrets(encode(start + label + secret))).not.toContain(heart);
      }),
    );
  });

  it('removes every value in the place of a secret', () => {
    const place = fc.constantFrom<(secret: string) => string>(
      (secret) => `Authorization: Bearer ${secret}`,
      (secret) => `bearer ${secret}`,
      (secret) => `Bearer%20${secret}`,
      (secret) => JSON.stringify({ headers: { 'x-api-key': secret } }),
      (secret) => JSON.stringify(JSON.stringify({ apiKey: secret, password: secret })),
      (secret) => `{'client_secret': '${secret}'}`,
      (secret) => `https://example.com/v1/models?key=${secret}`,
      (secret) => `https://example.com/v1?alt=sse&token=${secret}#top`,
      (secret) => `rediss://user:${secret}@redis.example.com:6380`,
      (secret) => `password=${secret}`,
      (secret) => `refresh_token: ${secret}; path=/`,
      (secret) => `invalid api key: ${secret}`,
    );
    fc.assert(
      fc.property(place, plainSecret, fc.string(), (put, secret, after) => {
        expect(redactSecrets(`${put(secret)} ${after}`)).not.toContain(secret);
      }),
    );
  });

  it('removes given secrets, plain, URL-encoded and inside JSON', () => {
    const secret = fc.string({ minLength: 4, maxLength: 60, unit: 'grapheme' });
    const write = fc.constantFrom<(text: string) => string>(
      (text) => text,
      (text) => encodeURIComponent(text),
      (text) => JSON.stringify(text),
    );
    fc.assert(
      fc.property(secret, write, fc.lorem(), (given, encode, words) => {
        fc.pre(!'[redacted]'.includes(given) && !words.includes(given));
        const clean = redactSecrets(`${words} ${encode(given)} ${words}`, [given]);
        expect(clean).toContain('[redacted]');
        expect(clean.replaceAll('[redacted]', '')).not.toContain(given);
      }),
    );
  });

  it('removes the longer of two given secrets with a common prefix', () => {
    expect(redactSecrets('abcd-and-more', ['abcd', 'abcd-and-more'])).toBe('[redacted]');
  });

  it('ignores given secrets under four characters', () => {
    expect(redactSecrets('an apple a day', ['a', 'an '])).toBe('an apple a day');
  });

  it('changes nothing the second time', () => {
    const piece = fc.oneof(
      shapedSecret.map(({ secret }) => secret),
      fc.string(),
      fc.constantFrom('Bearer ', 'api_key=', '"password":"', '?key=', 'redis://u:', '@h', '[redacted]', ' '),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const once = redactSecrets(pieces.join(''));
        expect(redactSecrets(once)).toBe(once);
      }),
      { numRuns: 500 },
    );
  });

  it('leaves JSON parseable', () => {
    const name = fc.oneof(fc.constantFrom('api_key', 'password', 'msg', 'url', 'authorization'), fc.string());
    const text = fc.oneof(
      shapedSecret.map(({ secret }) => `Bearer ${secret}`),
      plainSecret.map((secret) => `redis://u:${secret}@h password="${secret}"`),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.dictionary(name, fc.oneof(text, fc.jsonValue())), (value) => {
        expect(() => void JSON.parse(redactSecrets(JSON.stringify(value)))).not.toThrow();
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['bearer ', ''],
    ['sk-', 'a'],
    ['a', ''],
    ['eyJ', '.'],
    ['api_key', ' '],
    ['"password":', ' '],
    ['?key=', ''],
    ['basic aaaaaaaa', ' '],
    ['https://', ''],
    ['://a:', ''],
    ['a:', '@'],
  ])('takes linear time for a long text of %j', (unit, tail) => {
    const elapsed = (length: number): number => {
      const text = unit.repeat(length / unit.length) + tail;
      const startedAt = performance.now();
      redactSecrets(text);
      return performance.now() - startedAt;
    };
    elapsed(10_000);
    expect(elapsed(400_000)).toBeLessThan(500);
  });
});
