import { describe, expect, it } from 'vitest';
import { redactFailure } from '../src/redact-failure.ts';

const secret = 'QuailAbcdefghijklmnop';
const clean = (message: string, secrets: readonly string[] = [secret]): string =>
  redactFailure({ kind: 'server', message }, secrets).message;

describe('what is said of a failure', () => {
  it.each([
    ['a whole secret', `no ${secret} here`, 'no [redacted] here'],
    ['one that was cut off at the end', 'no QuailAbcdefghijklm', 'no …'],
    ['the beginning of one at the end', 'no Quai', 'no …'],
    ['one that was cut off before more words', 'no QuailAbcdefghijklm (1210)', 'no … (1210)'],
    ['one that was cut off twice', 'QuailAbcdefgh (1), QuailAbcdefghi', '… (1), …'],
  ])('has %s taken out', (_what, message, expected) => {
    expect(clean(message)).toBe(expected);
  });

  it('keeps what a provider has masked itself, and all else', () => {
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
});
