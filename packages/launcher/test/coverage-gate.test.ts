import { describe, expect, it } from 'vitest';
import { coverageGate } from '../src/coverage-gate.ts';

describe('the gate of the coverage', () => {
  it('requires lines and branches when every test runs', () => {
    expect(coverageGate(['--coverage'])).toEqual([
      expect.stringMatching(/^--coverage\.thresholds\.lines=\d\d$/),
      expect.stringMatching(/^--coverage\.thresholds\.branches=\d\d$/),
    ]);
    expect(coverageGate(['--coverage', '--coverage.reporter=text'])).toHaveLength(2);
  });

  it('requires nothing for a part of the tests or without coverage', () => {
    for (const rest of [
      [],
      ['packages/policy'],
      ['--coverage', 'packages/policy'],
      ['--coverage', '--project', 'unit'],
    ]) {
      expect(coverageGate(rest)).toEqual([]);
    }
  });
});
