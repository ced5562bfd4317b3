import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until, verifies } from '@sluice/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRollingFile } from '../src/rolling-file.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-logs-'));
  path = join(folder, 'logs/proxy.log');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const names = (): string[] => readdirSync(join(folder, 'logs')).sort();
const textOf = (name: string): string => readFileSync(join(folder, 'logs', name), 'utf8');
const onFailure = (text: string): never => {
  throw new Error(text);
};

describe('a log that begins anew at a size', () => {
  const keep = { files: 2 };

  it('appends to what an earlier start has written', async () => {
    for (const line of ['first', 'second']) {
      const file = openRollingFile({ path, keep, onFailure });
      file.write(line);
      file.end();
      await until(() => textOf('proxy.log').includes(line), { what: 'the line' });
    }
    expect(textOf('proxy.log')).toBe('first\nsecond\n');
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('keeps so many older parts, the newest as .1', async () => {
    const file = openRollingFile({ path, keep, onFailure, maxBytes: 10 });
    for (const line of ['one', 'two', 'three', 'four-and-more', 'five', 'six']) file.write(line);
    file.end();
    await until(() => textOf('proxy.log') === 'five\nsix\n', { what: 'the newest part' });
    expect(names()).toEqual(['proxy.log', 'proxy.log.1', 'proxy.log.2']);
    await until(() => textOf('proxy.log.1') === 'four-and-more\n' && textOf('proxy.log.2') === 'three\n', {
      what: 'the older parts',
    });
  });

  it('counts what is there already', async () => {
    mkdirSync(join(folder, 'logs'));
    writeFileSync(path, 'from before\n');
    const file = openRollingFile({ path, keep, onFailure, maxBytes: 15 });
    file.write('now');
    file.write('later');
    file.end();
    await until(() => textOf('proxy.log') === 'now\nlater\n', { what: 'the newest part' });
    expect(textOf('proxy.log.1')).toBe('from before\n');
  });
});

describe('a log that begins anew each day', () => {
  it('names older parts by their day and removes them after so many', verifies('003-07', '003-29'), async () => {
    let now = new Date(2026, 0, 31, 23, 59);
    mkdirSync(join(folder, 'logs'));
    const old = join(folder, 'logs/proxy.log.2026-01-20');
    writeFileSync(old, 'old\n');
    utimesSync(old, new Date(2026, 0, 20), new Date(2026, 0, 20));
    const other = join(folder, 'logs/proxy.log.gz');
    writeFileSync(other, 'not ours');
    utimesSync(other, new Date(2026, 0, 1), new Date(2026, 0, 1));
    const file = openRollingFile({ path, keep: { days: 7 }, onFailure, now: () => now, maxBytes: 12 });
    file.write('evening');
    now = new Date(2026, 1, 1, 0, 1);
    file.write('morning');
    file.write('and more');
    file.end();
    await until(() => textOf('proxy.log') === 'and more\n', { what: 'the newest part' });
    expect(names()).toEqual(['proxy.log', 'proxy.log.2026-01-31', 'proxy.log.2026-02-01', 'proxy.log.gz']);
  });
});

it('says what is wrong with a place that can not be written', () => {
  writeFileSync(join(folder, 'logs'), 'a file');
  expect(() => openRollingFile({ path, keep: { files: 1 }, onFailure })).toThrow(
    `The log ${path} can't be written (EEXIST).`,
  );
});
