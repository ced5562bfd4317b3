import { createServer, type Server } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { anyFreePort, choosePort } from '../src/ports.ts';

const host = '127.0.0.1';
let port: number;
let occupant: Server;

beforeEach(async () => {
  port = await anyFreePort(host);
  occupant = createServer();
  await new Promise<void>((resolve) => void occupant.listen(port, host, resolve));
});
afterEach(() => void occupant.close());

const wish = (changes: object) => ({
  variable: 'PORT',
  port,
  isExplicit: false,
  host,
  hostSetting: 'HOST',
  taken: [],
  ...changes,
});

test('takes the default port when it is free', async () => {
  await new Promise((resolve) => occupant.close(resolve));
  expect(await choosePort(wish({}))).toBe(port);
});

test('takes the next free one when the default one is in use', async () => {
  expect(await choosePort(wish({}))).toBeGreaterThan(port);
});

test('skips ports already chosen for another service of this start', async () => {
  await new Promise((resolve) => occupant.close(resolve));
  expect(await choosePort(wish({ taken: [port] }))).toBeGreaterThan(port);
});

test('refuses to replace an explicit port, and names its setting', async () => {
  await expect(choosePort(wish({ isExplicit: true }))).rejects.toThrow(
    `PORT: port ${port} is in use on 127.0.0.1. Set PORT to another one, or free it.`,
  );
});

test('takes any free port for 0', async () => {
  expect(await choosePort(wish({ port: 0, isExplicit: true }))).toBeGreaterThan(0);
});

test.each([
  ['192.0.2.1', 'EADDRNOTAVAIL'],
  ['0.0.0.0:80', 'ENOTFOUND|EAI_AGAIN'],
  ['name.invalid', 'ENOTFOUND|EAI_AGAIN'],
])('names the setting of the host when this machine does not have it: %s', async (wrong, code) => {
  for (const wanted of [{}, { port: 0 }, { isExplicit: true }]) {
    await expect(choosePort(wish({ host: wrong, hostSetting: 'METRICS_HOST', ...wanted }))).rejects.toThrow(
      new RegExp(`^METRICS_HOST: can't listen on ${wrong.replaceAll('.', '\\.')} \\((?:${code})\\)\\.$`),
    );
  }
});
