import { describe, expect, it } from 'vitest';
import { redactFailure } from '../../src/attempt/redact-failure.ts';

const secret = 'QuailAbcdefghijklmnop';
const clean = (message: string, secrets: readonly string[] = [secret]): string =>
  redactFailure({ kind: 'server', message }, secrets).message;

describe('the text of a failure', () => {
  it.each([
    ['a whole secret', `no ${secret} here`, 'no [redacted] here'],
    ['one that was cut off at the end', 'no QuailAbcdefghijklm', 'no …'],
    ['the beginning of one at the end', 'no Quai', 'no …'],
    ['one that was cut off before more words', 'no QuailAbcdefghijklm (1210)', 'no … (1210)'],
    ['one that was cut off twice', 'QuailAbcdefgh (1), QuailAbcdefghi', '… (1), …'],
  ])('has %s taken out', (_what, message, expected) => {
    expect(clean(message)).toBe(expected);
  });

  it('keeps a key that the provider has masked itself, and all other text', () => {
    expect(clean('Incorrect key: QuailAbc****mnop. See the docs.')).toBe(
      'Incorrect key: QuailAbc****mnop. See the docs.',
    );
    expect(clean('a simulator', ['sim'])).toBe('a simulator');
    expect(clean('a toll road', ['tollgate'])).toBe('a toll road');
  });

  it('has secrets taken out of code and field too', () => {
    const failure = redactFailure({ kind: 'server', message: '', code: secret, param: `${secret}.x` }, [secret]);
    expect([failure.code, failure.param]).toEqual(['[redacted]', '[redacted].x']);
  });

  const bearer = (encoding: BufferEncoding): string => Buffer.from(`Bearer ${secret}`).toString(encoding);

  it.each([
    ['upper case', secret.toUpperCase()],
    ['lower case', secret.toLowerCase()],
    ['base64', Buffer.from(secret).toString('base64')],
    ['base64 for URLs', Buffer.from(secret).toString('base64url')],
    ['base64 with its scheme', bearer('base64')],
    ['base64 for URLs with its scheme', bearer('base64url')],
    ['base64 with a user of any length', Buffer.from(`ab:${secret}`).toString('base64')],
    ['base64 with something behind it', Buffer.from(`${secret}:x`).toString('base64')],
    ['%-forms of some characters', secret.replace('A', '%41').replace('d', '%64')],
    ['%-forms of all characters', Array.from(secret, (c) => `%${c.charCodeAt(0).toString(16)}`).join('')],
    ['%-forms twice over', secret.replace('A', '%2541')],
    ['its second half', secret.slice(10)],
    ['its last eight characters', secret.slice(-8)],
    ['a piece from its middle', secret.slice(5, 16)],
  ])('has the secret taken out in %s', (_what, form) => {
    const text = clean(`said (${form}) to all`);
    expect(text).toMatch(/^said \(.{1,30}\) to all$/);
    for (let at = 0; at + 8 <= form.length; at++) expect(text).not.toContain(form.slice(at, at + 8));
  });

  it('has odd characters of secrets taken out in every form', () => {
    const odd = 'tok-KEY.with+odd/signs=(1)*[x]';
    for (const form of [
      odd,
      odd.toLowerCase(),
      encodeURIComponent(odd),
      odd.replace('-', '%2D'),
      Buffer.from(odd).toString('base64'),
    ]) {
      expect(clean(`x ${form} y`, [odd])).toMatch(/^x (?:\[redacted\]|…)+ y$/);
    }
  });

  it('takes little time for long texts and long secrets', () => {
    const long = Array.from({ length: 500 }, (_, at) => (at * 7919 + 10_000).toString(36)).join('');
    const text = `${long.slice(0, 1500)} `.repeat(40);
    const startedAt = performance.now();
    clean(text, [long]);
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });
});
