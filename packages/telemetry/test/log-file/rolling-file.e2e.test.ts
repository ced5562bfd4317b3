import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until, verifies } from '@sluice/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRollingFile } from '../../src/log-file/rolling-file.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-logs-'));
  path = join(folder, 'logs/proxy.log');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const names = (): string[] => readdirSync(join(folder, 'logs')).sort();
const textOf = (name: string): string => readFileSync(join(folder, 'logs', name), 'utf8');
const linesOf = (name: string): string[] => textOf(name).split('\n').slice(0, -1);
const onFailure = (text: string): never => {
  throw new Error(text);
};

describe('a log that rolls at a size', () => {
  const keep = { files: 2 };

  it('appends to the lines of an earlier start', async () => {
    for (const line of ['first', 'second']) {
      const file = openRollingFile({ path, keep, onFailure });
      file.write(line);
      file.end();
      await until(() => textOf('proxy.log').includes(line), { what: 'the line' });
    }
    expect(textOf('proxy.log')).toBe('first\nsecond\n');
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('keeps the configured number of older parts, the newest as .1', async () => {
    const file = openRollingFile({ path, keep, onFailure, maxBytes: 10 });
    for (const line of ['one', 'two', 'three', 'four-and-more', 'five', 'six']) file.write(line);
    file.end();
    await until(() => textOf('proxy.log') === 'five\nsix\n', { what: 'the newest part' });
    expect(names()).toEqual(['proxy.log', 'proxy.log.1', 'proxy.log.2']);
    await until(() => textOf('proxy.log.1') === 'four-and-more\n' && textOf('proxy.log.2') === 'three\n', {
      what: 'the older parts',
    });
  });

  it('counts the bytes that the file already has', async () => {
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

describe('a log that rolls each day', () => {
  it('names older parts by their day and removes the oldest', verifies('003-07', '003-29'), async () => {
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

describe.each([{ keep: { files: 2 } }, { keep: { days: 7 } }])('a log that keeps $keep', ({ keep }) => {
  it('is created again when its folder is removed while it runs', async () => {
    const file = openRollingFile({ path, keep, onFailure, maxBytes: 10 });
    file.write('one');
    await until(() => textOf('proxy.log') === 'one\n', { what: 'the first line' });
    rmSync(join(folder, 'logs'), { recursive: true });
    file.write('two-and-more');
    file.write('three');
    file.end();
    await until(() => names().length === 2 && textOf('proxy.log') === 'three\n', { what: 'the newest part' });
    expect(names().map(textOf)).toEqual(['three\n', 'two-and-more\n']);
  });

  it('ends a cut line in its own part when it rolls', async () => {
    mkdirSync(join(folder, 'logs'));
    writeFileSync(path, 'half a li');
    const file = openRollingFile({ path, keep, onFailure, maxBytes: 12 });
    file.write('later');
    file.end();
    await until(() => names().length === 2 && textOf('proxy.log') === 'later\n', { what: 'the newest part' });
    const [, older = ''] = names();
    await until(() => textOf(older).endsWith('\n'), { what: 'the end of the cut line' });
    expect(textOf(older)).toBe('half a li\n');
  });

  it('ends a cut line of the part that it continues', async () => {
    mkdirSync(join(folder, 'logs'));
    writeFileSync(path, 'half a li');
    const file = openRollingFile({ path, keep, onFailure });
    file.write('later');
    file.write('last');
    file.end();
    await until(() => textOf('proxy.log').includes('last'), { what: 'the lines' });
    expect(textOf('proxy.log')).toBe('half a li\nlater\nlast\n');
  });

  it('says once that it can not roll, and continues with the open part', async () => {
    const told: string[] = [];
    const file = openRollingFile({ path, keep, onFailure: (text) => void told.push(text), maxBytes: 10 });
    renameSync(join(folder, 'logs'), join(folder, 'aside'));
    writeFileSync(join(folder, 'logs'), 'a file');
    const lines = ['one', 'two-and-more', 'three-and-more', 'four-and-more'];
    for (const line of lines) file.write(line);
    file.end();
    const written = `${lines.join('\n')}\n`;
    await until(() => readFileSync(join(folder, 'aside/proxy.log'), 'utf8') === written, { what: 'all lines' });
    expect(told).toEqual([expect.stringMatching(/^The log \S+ can't be rolled \((?:EEXIST|ENOTDIR)\); /)]);
  });

  it('keeps every line of two writers, each once', async () => {
    const open = () => openRollingFile({ path, keep, onFailure, maxBytes: 25 });
    const writers = [open(), open()];
    const lines = Array.from({ length: 6 }, (_, at) => `line-${at}-xx`);
    for (const [at, line] of lines.entries()) {
      writers[at % 2]?.write(line);
      await until(() => names().some((name) => textOf(name).includes(line)), { what: line });
    }
    for (const writer of writers) writer.end();
    expect(names()).toHaveLength(2);
    expect(names().flatMap(linesOf).sort()).toEqual(lines);
  });
});

it('continues in the part that another writer has begun on the next day', async () => {
  let now = new Date();
  const open = () => openRollingFile({ path, keep: { days: 7 }, onFailure, now: () => now });
  const [first, second] = [open(), open()];
  first.write('one');
  second.write('two');
  await until(() => linesOf('proxy.log').length === 2, { what: 'the first day' });
  now = new Date(now.getTime() + 86_400_000);
  first.write('three');
  await until(() => textOf('proxy.log') === 'three\n', { what: 'the next day' });
  utimesSync(path, now, now);
  second.write('four');
  await until(() => textOf('proxy.log') === 'three\nfour\n', { what: 'the line of the other writer' });
  for (const file of [first, second]) file.end();
  expect(names()).toHaveLength(2);
});

describe('a log on a full disk', () => {
  const keep = { files: 1 };
  const waitMs = 50;

  it('is written again when there is space, and says how many lines are missing', async () => {
    const told: string[] = [];
    let now = 0;
    mkdirSync(join(folder, 'logs'));
    symlinkSync('/dev/full', path);
    const options = { path, keep, againAfterMs: waitMs, now: () => new Date(now) };
    const file = openRollingFile({ ...options, onFailure: (text) => void told.push(text) });
    file.write('lost');
    await until(() => told.length === 1, { what: 'the complaint' });
    file.write('too early');
    now += waitMs;
    file.write('still full');
    rmSync(path);
    writeFileSync(path, 'half a li');
    await until(
      () => {
        now += waitMs;
        file.write('later');
        return textOf('proxy.log').includes('later');
      },
      { what: 'a line' },
    );
    expect(textOf('proxy.log')).toMatch(/^half a li\n(?:later\n)+$/);
    file.write('last');
    file.end();
    await until(() => linesOf('proxy.log').includes('last'), { what: 'the last line' });
    expect(told).toEqual([
      expect.stringContaining("can't be written any more: ENOSPC"),
      expect.stringMatching(/ is written again; [3-9] lines are missing\.$/),
    ]);
  });

  it('takes no line while its folder is missing, and all lines after its return', async () => {
    const told: string[] = [];
    let now = 0;
    mkdirSync(join(folder, 'logs'));
    symlinkSync('/dev/full', path);
    const options = { path, keep, againAfterMs: waitMs, now: () => new Date(now) };
    const file = openRollingFile({ ...options, onFailure: (text) => void told.push(text) });
    file.write('lost');
    await until(() => told.length === 1, { what: 'the complaint' });
    rmSync(join(folder, 'logs'), { recursive: true });
    writeFileSync(join(folder, 'logs'), 'a file');
    now += waitMs;
    file.write('lost too');
    rmSync(join(folder, 'logs'));
    now += waitMs;
    file.write('there');
    file.end();
    await until(() => existsSync(path) && textOf('proxy.log') === 'there\n', { what: 'the line' });
    await until(() => told.length === 2, { what: 'the good news' });
    expect(told[1]).toContain('is written again; 2 lines are missing.');
  });
});

it.skipIf(!existsSync('/proc/self'))('names the setting of a path where no folder can be made', () => {
  const nowhere = '/proc/nope/logs/x.log';
  expect(() => openRollingFile({ path: nowhere, setting: 'LOG_FILE_PATH', keep: { files: 1 }, onFailure })).toThrow(
    `LOG_FILE_PATH: The log ${nowhere} can't be written (ENOENT).`,
  );
});

it('says why a path can not be written', () => {
  writeFileSync(join(folder, 'logs'), 'a file');
  expect(() => openRollingFile({ path, keep: { files: 1 }, onFailure })).toThrow(
    `The log ${path} can't be written (EEXIST).`,
  );
});
