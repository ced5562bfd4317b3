import fc from 'fast-check';
import { expect, it } from 'vitest';
import { toCsv } from '../../src/admin/to-csv.ts';

it('writes a head, rows and quotes', () => {
  expect(toCsv(['a', 'b'], [{ a: 'x, "y"', b: 1.5 }, { b: -2 }])).toBe('a,b\r\n"x, ""y""",1.5\r\n,-2\r\n');
});

it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', ' =1', '|cmd', '%0A'])('disarms %j', (text) => {
  expect(toCsv(['a'], [{ a: text }])).toContain(`'${text}`);
});

it('begins no cell of text as a formula', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const [, ...rest] = toCsv(['a'], [{ a: text }]).split('\r\n');
      expect(rest.join('\r\n').replace(/^"/, '')).not.toMatch(/^\s*[=+\-@|%]/);
    }),
  );
});
