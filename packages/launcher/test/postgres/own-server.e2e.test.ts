import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '@sluice/testkit';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { processIdentity } from '../../src/bare/process-identity.mjs';
import { createTerminal } from '../../src/bare/terminal.mjs';
import { bringDatabase, type ReadyDatabase } from '../../src/postgres/bring-database.ts';
import { dataOf } from '../../src/postgres/data.ts';
import { choosePlace, type ServerPlace } from '../../src/postgres/place.ts';
import type { Started } from '../../src/started.ts';

/*
 * A real PostgreSQL: that of this machine or, where there is none, that of the npm package, which is fetched once.
 */

const sharedFolder = join(import.meta.dirname, '../../../../.sluice');

let root: string;
let stateFolder: string;
let place: ServerPlace;
let said: string;
let started: Started[];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sluice-postgres-'));
  stateFolder = join(root, '.sluice');
  said = '';
  started = [];
  const chosen = choosePlace({ stateFolder, sharedFolder });
  if ('reason' in chosen) throw new Error(chosen.reason);
  place = chosen;
});
afterEach(async () => {
  for (const thing of started) await thing.stop();
  for (const folder of [root, place.folder]) rmSync(folder, { recursive: true, force: true });
});

const bring = (): Promise<ReadyDatabase> =>
  bringDatabase({
    root,
    settings: { kind: 'own' },
    searchPath: process.env['PATH'] ?? '',
    stateFolder,
    sharedFolder,
    terminal: createTerminal({ stream: { write: (text) => (said += text) }, isLive: false }),
    context: { register: (thing) => void started.push(thing), signal: new AbortController().signal },
  });

async function start(): Promise<string> {
  const { url, description } = await bring();
  if (url === undefined) throw new Error(`${description}\n${said}`);
  return url;
}

async function stop(): Promise<void> {
  for (const thing of started.splice(0)) await thing.stop();
}

/** Runs one statement and returns its rows. */
async function ask(url: string, statement: string): Promise<readonly object[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query<object>(statement)).rows;
  } finally {
    await client.end();
  }
}

const write = (url: string): Promise<unknown> => ask(url, 'CREATE TABLE kept AS SELECT 7 AS number');
const read = (url: string): Promise<readonly object[]> => ask(url, 'SELECT number FROM kept');
const kept = [{ number: 7 }];

const pidOfServer = (): number => Number.parseInt(readFileSync(join(dataOf(place), 'postmaster.pid'), 'utf8'), 10);

describe('a PostgreSQL of our own', () => {
  test('keeps its data, private, from start to start, and is ready in less than a second', async () => {
    const first = await start();
    await write(first);
    await stop();
    const startedAt = performance.now();
    const second = await start();
    expect(performance.now() - startedAt).toBeLessThan(1000);
    expect(await read(second)).toEqual(kept);
    expect(new URL(second).password).toBe(new URL(first).password);
    expect(statSync(join(stateFolder, 'postgres-password')).mode & 0o777).toBe(0o600);
    const data = statSync(dataOf(place));
    expect(data.mode & 0o777).toBe(0o700);
    expect(data.uid).not.toBe(0);
    expect((await bring()).description).toMatch(/^PostgreSQL \d+\.\d+, with its data in \S+postgres$/);
  });

  test.runIf(process.getuid?.() === 0)('never writes through a link that its user has left in the folder', async () => {
    const ofRoot = join(root, 'of-root');
    writeFileSync(ofRoot, 'kept', { mode: 0o600 });
    symlinkSync(ofRoot, join(place.folder, 'postgres-password.new'));
    await start();
    expect(readFileSync(ofRoot, 'utf8')).toBe('kept');
    expect(statSync(ofRoot).uid).toBe(0);
  });

  test('listens on loopback alone, and only with the password', async () => {
    const url = await start();
    expect(url).toMatch(/^postgres:\/\/sluice:[\w-]{43}@127\.0\.0\.1:\d+\/sluice$/);
    expect(await ask(url, "SELECT current_setting('listen_addresses') AS a")).toEqual([{ a: '127.0.0.1' }]);
    const { port } = new URL(url);
    await expect(ask(`postgres://sluice:wrong@127.0.0.1:${port}/sluice`, 'SELECT 1')).rejects.toThrow('password');
    await expect(ask(`postgres://sluice@127.0.0.1:${port}/sluice`, 'SELECT 1')).rejects.toThrow('password');
  });

  test('is started again on its port when it is killed, with what it had stored', async () => {
    const url = await start();
    await write(url);
    const pid = pidOfServer();
    process.kill(pid, 'SIGKILL');
    await until(() => read(url).catch(() => undefined), { what: 'the server to be back', timeoutMs: 20_000 });
    expect(await read(url)).toEqual(kept);
    expect(pidOfServer()).not.toBe(pid);
    expect(said).toContain('The PostgreSQL server has stopped (SIGKILL)');
  });

  test('that a killed launcher left running is replaced', async () => {
    await write(await start());
    const leftover = pidOfServer();
    const next = await start();
    expect(await read(next)).toEqual(kept);
    expect(processIdentity(leftover)).toBeUndefined();
  });

  test('starts in spite of the lock of a killed one, whose process id belongs to another process', async () => {
    await write(await start());
    const lock = readFileSync(join(dataOf(place), 'postmaster.pid'), 'utf8');
    await stop();
    const other = spawn('sleep', ['60'], { cwd: '/', ...place.account });
    try {
      writeFileSync(join(dataOf(place), 'postmaster.pid'), lock.replace(/^\d+/, String(other.pid)));
      expect(await read(await start())).toEqual(kept);
      expect(other.exitCode).toBeNull();
    } finally {
      other.kill('SIGKILL');
    }
  });

  test('takes a new password when the file of the old one is lost', async () => {
    const first = await start();
    await write(first);
    await stop();
    rmSync(join(stateFolder, 'postgres-password'));
    const second = await start();
    expect(new URL(second).password).not.toBe(new URL(first).password);
    expect(await read(second)).toEqual(kept);
  });

  test('begins again when the first start was stopped before its data were whole', async () => {
    await start();
    await stop();
    rmSync(dataOf(place), { recursive: true });
    expect(existsSync(dataOf(place))).toBe(false);
    await write(await start());
  });

  test('is absent, and the product starts, when the data are of a version that is missing', async () => {
    await start();
    await stop();
    const file = join(dataOf(place), 'PG_VERSION');
    writeFileSync(file, '9\n');
    expect(await bring()).toEqual({
      url: undefined,
      description: `none, so no records are kept: the records in ${place.folder} are of PostgreSQL 9, which is not installed any more`,
    });
  });

  test('is absent, and the product starts, when it does not become ready', async () => {
    await start();
    await stop();
    const file = join(dataOf(place), 'postgresql.conf');
    writeFileSync(file, 'no_such_setting = 1\n');
    const { url, description } = await bring();
    expect([url, description]).toEqual([
      undefined,
      expect.stringContaining('does not start (see .sluice/logs/postgres.log)'),
    ]);
    expect(said).toContain('unrecognized configuration parameter "no_such_setting"');
  });
});
