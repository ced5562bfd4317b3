import { describe, expect, it } from 'vitest';
import { renameFormer } from '../../src/file/former-names.ts';
import { problemsOf } from '../load.ts';

describe('a setting under its former name', () => {
  it('is read under its current name, with a warning', () => {
    expect(renameFormer({ breaker: { failures: 3 }, retry: { max_rest_ms: 5000, jitter: 0 } })).toMatchObject({
      value: { circuit: { failures: 3 }, retry: { max_cooldown_ms: 5000, jitter: 0 } },
      warnings: [
        'breaker is the former name of circuit; rename it, as the next release does not read it',
        'retry.max_rest_ms is the former name of retry.max_cooldown_ms; rename it, as the next release does not read it',
      ],
      problems: [],
    });
  });

  it.each([
    ['breaker: { failures: 0 }', /^breaker\.failures: /],
    ['retry: { max_rest_ms: 1 }', /^retry\.max_rest_ms: /],
  ])('has its problems reported under the name in the file: %s', (yaml, problem) => {
    expect(problemsOf(yaml)).toEqual([expect.stringMatching(problem)]);
  });

  it('is refused beside its current name', () => {
    expect(renameFormer({ breaker: {}, circuit: {} }).problems).toEqual([
      { path: 'breaker', message: 'is the former name of circuit, which is set as well; remove breaker' },
    ]);
  });

  it.each([{}, { retry: null }, { retry: [] }, 'text', null, []])('is not found in %j', (value) => {
    expect(renameFormer(value)).toMatchObject({ value, warnings: [], problems: [] });
  });
});
