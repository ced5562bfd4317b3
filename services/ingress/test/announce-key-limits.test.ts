import { loadConfig } from '@sluice/config';
import { describe, expect, it } from 'vitest';
import { announceKeyLimits } from '../src/announce-key-limits.ts';

function announced(keys: readonly object[]): readonly string[] {
  const lines: string[] = [];
  const to = (level: string) => (_facts: object, message: string) => void lines.push(`${level}: ${message}`);
  const config = loadConfig({ env: {}, cwd: '/srv', readFile: () => JSON.stringify({ keys }) });
  announceKeyLimits(config, { info: to('info'), warn: to('warn') });
  return lines;
}

const key = (at: number, limits: object = {}): object => ({ key: `sk-team-${at}-0001`, limits });

describe('at its start an ingress', () => {
  it('warns once about keys without any limits', () => {
    expect(announced([key(1), key(2, { rpm: 5 }), key(3, { concurrency: 2 }), key(4)])).toEqual([
      'warn: 2 of 4 client keys have no limits of their own (keys[].limits); each runs up to 500 of 1000 requests at once',
    ]);
  });

  it('logs the share of keys without a concurrency limit of their own', () => {
    expect(announced([key(1, { rpm: 5 }), key(2, { concurrency: 2 })])).toEqual([
      'info: 1 of 2 client keys have no concurrency of their own; each runs up to 500 of 1000 requests at once',
    ]);
  });

  it('does not warn about a single key', () => {
    expect(announced([key(1)])).toEqual([
      'info: 1 of 1 client keys have no concurrency of their own; each runs up to 1000 of 1000 requests at once',
    ]);
  });

  it('logs nothing if every key has a concurrency limit', () => {
    expect(announced([key(1, { concurrency: 5 })])).toEqual([]);
  });
});
