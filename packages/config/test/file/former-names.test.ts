import { listSettings } from '@sluice/config';
import { describe, expect, it } from 'vitest';
import { renameFormer } from '../../src/file/former-names.ts';
import { anyKey, problemsOf } from '../load.ts';

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

  it('has its path in the file', () => {
    const { pathInFile } = renameFormer({ breaker: { failures: 3 }, retry: { max_rest_ms: 5000 } });
    expect(pathInFile(['circuit', 'failures'])).toEqual(['breaker', 'failures']);
    expect(pathInFile(['circuit'])).toEqual(['breaker']);
    expect(pathInFile(['retry', 'max_cooldown_ms'])).toEqual(['retry', 'max_rest_ms']);
    expect(pathInFile(['retry', 'jitter'])).toEqual(['retry', 'jitter']);
    expect(renameFormer({ circuit: {} }).pathInFile(['circuit', 'failures'])).toEqual(['circuit', 'failures']);
  });

  it('is listed with its line and its variables', () => {
    const yaml = 'breaker:\n  failures: 3\n  open_ms: ${OPEN_MS}\nretry:\n  max_rest_ms: "${REST_MS:-5000}"\n';
    const env = { ...anyKey, OPEN_MS: '7000' };
    const { settings } = listSettings({ env, cwd: '/srv', dotenvNames: ['OPEN_MS'], readFile: () => yaml });
    const found = (name: string) => settings.find(({ path }) => path === name);
    expect(found('circuit.failures')).toMatchObject({ value: '3', origin: { line: 2, variables: [] } });
    expect(found('circuit.open_ms')).toMatchObject({
      value: '7000',
      origin: { line: 3, variables: [{ name: 'OPEN_MS', isFromDotenv: true }] },
    });
    expect(found('retry.max_cooldown_ms')).toMatchObject({
      value: '5000',
      origin: { line: 5, variables: [{ name: 'REST_MS', isFromDotenv: false }] },
    });
    expect(found('circuit.window_ms')?.origin).toEqual({ kind: 'default' });
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
