import { describe, expect, it } from 'vitest';
import { mask } from '../../src/bodies/mask.ts';

const whole = (text: string, over: { maxBytes?: number; secrets?: string[]; isCut?: boolean } = {}) =>
  mask(
    { bytes: Buffer.from(text), isCut: over.isCut ?? false },
    { maxBytes: over.maxBytes ?? 1000, secrets: over.secrets ?? [] },
  );

describe('the mask of a body', () => {
  it.each([
    ['a client key', '{"content":"my key is sk-team-a-0001"}', '{"content":"my key is [redacted]"}'],
    ['a bearer token', '{"content":"Authorization: Bearer abc.def"}', '{"content":"Authorization: Bearer [redacted]"}'],
    ['a named secret', '{"api_key":"hunter2hunter2"}', '{"api_key":"[redacted]"}'],
    ['a URL with a password', '"postgres://u:secret@db/records"', '"postgres://[redacted]@db/records"'],
  ])('hides %s', (_what, text, masked) => {
    expect(whole(text)).toEqual({ text: masked, isTruncated: false });
  });

  it("hides the client's own key in any form", () => {
    expect(whole('{"content":"plainkey"}', { secrets: ['plainkey'] }).text).toBe('{"content":"[redacted]"}');
  });

  it('cuts a long text, and says so', () => {
    expect(whole('one two three', { maxBytes: 7 })).toEqual({ text: 'one two', isTruncated: true });
    expect(whole('Grüße', { maxBytes: 3 })).toEqual({ text: 'Gr', isTruncated: true });
  });

  it('hides a secret that its end would cut in two', () => {
    const text = `${'x '.repeat(20)}sk-${'secret'.repeat(20)} tail`;
    for (let maxBytes = 36; maxBytes < 60; maxBytes++) expect(whole(text, { maxBytes }).text).not.toContain('secret');
  });

  it('leaves out the last word of a text that was cut before: it may be half a secret', () => {
    expect(whole('say eyJhbGciOi', { isCut: true })).toEqual({ text: 'say ', isTruncated: true });
    expect(whole('{"token":"half', { isCut: true }).text).toBe('{"token":"');
  });
});
