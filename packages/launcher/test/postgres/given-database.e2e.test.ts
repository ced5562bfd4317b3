import { createServer, type Server } from 'node:net';
import { freePort } from '@sluice/testkit';
import { afterEach, expect, test } from 'vitest';
import { createTerminal } from '../../src/bare/terminal.mjs';
import { bringDatabase, type ReadyDatabase } from '../../src/postgres/bring-database.ts';
import type { Settings } from '../../src/settings.ts';

let said = '';
let server: Server | undefined;
afterEach(() => {
  said = '';
  server?.close();
});

const bring = (settings: Settings['database']): Promise<ReadyDatabase> =>
  bringDatabase({
    root: '/none',
    settings,
    searchPath: '',
    stateFolder: '/none',
    sharedFolder: '/none',
    terminal: createTerminal({ stream: { write: (text) => (said += text) }, isLive: false }),
    context: { register: () => {}, signal: new AbortController().signal },
  });

const given = (port: number): Settings['database'] => ({
  kind: 'given',
  setting: 'DATABASE_URL',
  connection: {
    connectionString: `postgres://app:secret-word@127.0.0.1:${port}/records`,
    ssl: false,
    connectionTimeoutMillis: 1000,
  },
});

/** Packs a message of the protocol: its type, its length and its content. */
function message(type: string, content: string | Uint8Array<ArrayBuffer>): Buffer<ArrayBuffer> {
  const body = Buffer.from(content);
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

/** Listens as a server that answers the start of a connection with `first` and each question with `second`. */
async function listen(first: Uint8Array, second: Uint8Array = Buffer.alloc(0)): Promise<number> {
  const port = await freePort();
  const made = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      socket.write(first);
      socket.on('data', () => socket.write(second));
    });
  });
  server = made;
  await new Promise<void>((resolve) => void made.listen(port, '127.0.0.1', resolve));
  return port;
}

const ready = message('Z', 'I');
const welcome = Buffer.concat([message('R', Buffer.alloc(4)), ready]);
const failure = (code: string, text: string): Uint8Array => message('E', `SFATAL\0C${code}\0M${text}\0\0`);

/** Answers `SHOW server_version`. */
function versionOf(version: string): Uint8Array {
  const name = Buffer.concat([Buffer.from('server_version\0'), Buffer.alloc(18)]);
  name.writeInt32BE(25, 'server_version\0'.length + 6);
  const value = Buffer.alloc(6 + version.length);
  value.writeInt16BE(1, 0);
  value.writeInt32BE(version.length, 2);
  value.write(version, 6);
  const columns = Buffer.concat([Buffer.from([0, 1]), name]);
  return Buffer.concat([message('T', columns), message('D', value), message('C', 'SHOW\0'), ready]);
}

test('a database that answers is used, and the services read it from the configuration', async () => {
  const port = await listen(welcome, versionOf('15.18 (Debian 15.18-0)'));
  expect(await bring(given(port))).toEqual({ url: undefined, description: `PostgreSQL at 127.0.0.1:${port}` });
  expect(said).toBe('');
});

test('a database that is too old ends the start', async () => {
  const port = await listen(welcome, versionOf('14.9'));
  await expect(bring(given(port))).rejects.toThrow(
    `DATABASE_URL: the PostgreSQL at 127.0.0.1:${port} is version 14.9, which is too old: 15 or newer is needed.`,
  );
});

test('a wrong password ends the start, and is not shown', async () => {
  const port = await listen(failure('28P01', 'password authentication failed for user "app"'));
  const error: unknown = await bring(given(port)).catch((thrown: unknown) => thrown);
  expect(String(error)).toContain(`DATABASE_URL: the PostgreSQL at 127.0.0.1:${port} can't be used: password auth`);
  expect(String(error) + said).not.toContain('secret-word');
});

test('a database that is away is waited for: the start continues with a warning', async () => {
  const port = await freePort();
  expect(await bring(given(port))).toEqual({
    url: undefined,
    description: `PostgreSQL at 127.0.0.1:${port}, which does not answer yet`,
  });
  expect(said).toMatch(/^Warning: DATABASE_URL: no answer from PostgreSQL at .*ECONNREFUSED.*; records wait in Redis/);
  expect(said).not.toContain('secret-word');
});

test('no database is started when none is wanted', async () => {
  expect(await bring({ kind: 'none' })).toEqual({
    url: undefined,
    description: 'none, as configured: no records are kept',
  });
});
