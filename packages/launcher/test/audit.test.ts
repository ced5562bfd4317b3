import { expect, test } from 'vitest';
import { readAuditOptions } from '../src/audit.ts';

test('the audit has 10,000 requests unless it is told otherwise', () => {
  expect(readAuditOptions([])).toEqual({ requests: 10_000, seed: 1 });
  expect(readAuditOptions(['--requests', '400', '--seed=7'])).toEqual({ requests: 400, seed: 7 });
});

test.each([[['--requests', 'many']], [['--requests', '0']], [['--sed', '1']], [['400']]])(
  'the audit refuses %j and says how it is used',
  (args) => {
    expect(() => readAuditOptions(args)).toThrow(/Usage: npm run audit/);
  },
);
