import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { expect, test } from 'vitest';
import { freePort, onFreePort } from '../../src/processes/free-port.ts';

async function listen(port: number): Promise<Server> {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

test('returns a different port each time, which port 0 does not get either', async () => {
  const ports = await Promise.all(Array.from({ length: 200 }, freePort));
  const servers = await Promise.all(Array.from({ length: 200 }, () => listen(0)));
  const others = servers.map((server) => (server.address() as AddressInfo).port);
  for (const server of servers) server.close();
  expect(new Set([...ports, ...others]).size).toBe(400);
});

test('returns a port that a server can listen on', async () => {
  const port = await freePort();
  const server = await listen(port);
  expect((server.address() as AddressInfo).port).toBe(port);
  server.close();
});

test('starts again on another port if the first is taken', async () => {
  const tried: number[] = [];
  const port = await onFreePort(async (port) => {
    tried.push(port);
    if (tried.length === 1) throw new Error('listen EADDRINUSE');
    return port;
  });
  expect(tried).toEqual([tried[0], port]);
  expect(tried[0]).not.toBe(port);
});

test.each([
  ['gives up after three ports', 'Address already in use', 3],
  ['does not try again after another failure', 'no such file', 1],
])('%s', async (_name, message, tries) => {
  let count = 0;
  const starting = onFreePort(() => {
    count += 1;
    return Promise.reject(new Error(message));
  });
  await expect(starting).rejects.toThrow(message);
  expect(count).toBe(tries);
});
