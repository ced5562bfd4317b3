import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import type { ChaosMode } from '../../src/chaos/chaos-mode.ts';
import { type ChaosProxy, startChaosProxy } from '../../src/chaos/chaos-proxy.ts';
import { freePort } from '../../src/processes/free-port.ts';
import { until } from '../../src/until.ts';
import { serveTcp } from '../serve.ts';

interface Bench {
  readonly proxy: ChaosProxy;
  /** Data that the target has read on all connections. */
  readonly arrived: Buffer[];
  readonly targetSockets: Socket[];
}

/** A proxy in front of an echo server. */
async function startBench(mode?: ChaosMode): Promise<Bench> {
  const arrived: Buffer[] = [];
  const targetSockets: Socket[] = [];
  const port = await serveTcp((socket) => {
    targetSockets.push(socket);
    socket.on('data', (data) => {
      arrived.push(data);
      socket.write(data);
    });
    socket.on('end', () => socket.end());
  });
  const proxy = await startChaosProxy({ target: { host: '127.0.0.1', port }, ...(mode === undefined ? {} : { mode }) });
  onTestFinished(() => proxy.close());
  return { proxy, arrived, targetSockets };
}

interface Client {
  readonly socket: Socket;
  text(): string;
  /** Sends a text and resolves when it is echoed. */
  roundTrip(text: string): Promise<void>;
}

async function open(proxy: ChaosProxy): Promise<Client> {
  // Nagle's algorithm would hold a second text until the first is acknowledged, some 40 ms later.
  const socket = connect({ port: proxy.port, host: proxy.host, allowHalfOpen: true, noDelay: true });
  onTestFinished(() => void socket.destroy());
  let text = '';
  socket.on('data', (data) => {
    text += data.toString();
  });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return {
    socket,
    text: () => text,
    async roundTrip(sent) {
      const wanted = text + sent;
      socket.write(sent);
      await until(() => text === wanted, { what: `"${sent}" to come back` });
    },
  };
}

/** Proves that earlier data was lost: a later text on another connection is echoed first. */
async function settle(proxy: ChaosProxy): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) {
    const probe = await open(proxy);
    await probe.roundTrip('probe');
    probe.socket.destroy();
  }
}

/** Resolves with whether an error closed a socket. */
function closing(socket: Socket | undefined): Promise<boolean> {
  return new Promise((resolve) => socket?.once('close', resolve));
}

const textOf = (pieces: readonly Buffer[]): string => Buffer.concat(pieces).toString();

test('passes bytes and ends in both directions', async () => {
  const { proxy, arrived } = await startBench();
  const client = await open(proxy);
  await client.roundTrip('hello');
  const ended = once(client.socket, 'end');
  client.socket.end('bye');
  await ended;
  expect(client.text()).toBe('hellobye');
  expect(textOf(arrived)).toBe('hellobye');
});

test('passes much data on unchanged', async () => {
  const { proxy, arrived } = await startBench();
  const client = await open(proxy);
  const block = 'abcdefgh'.repeat(128 * 1024);
  await client.roundTrip(block.repeat(8));
  expect(textOf(arrived)).toBe(block.repeat(8));
});

test('counts the clients that are connected', async () => {
  const { proxy } = await startBench();
  const clients = await Promise.all([open(proxy), open(proxy)]);
  await Promise.all(clients.map((client) => client.roundTrip('hello')));
  expect(proxy.connections()).toBe(2);
  clients[0].socket.destroy();
  await until(() => proxy.connections() !== 2, { what: 'one to be gone' });
  expect(proxy.connections()).toBe(1);
});

test('returns URLs that lead through it', async () => {
  const { proxy } = await startBench();
  expect(proxy.through('redis://user:pass@10.0.0.1:6379/2')).toBe(`redis://user:pass@127.0.0.1:${proxy.port}/2`);
  expect(proxy.through('http://localhost:9900/v1')).toBe(`http://127.0.0.1:${proxy.port}/v1`);
});

test('resets a client when the target refuses', async () => {
  const proxy = await startChaosProxy({ target: { host: '127.0.0.1', port: await freePort() } });
  onTestFinished(() => proxy.close());
  const client = await open(proxy);
  const [error] = (await once(client.socket, 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ECONNRESET');
});

test('passes on the reset of either side', async () => {
  const { proxy, targetSockets } = await startBench();
  const [first, second] = await Promise.all([open(proxy), open(proxy)]);
  await first.roundTrip('first');
  await second.roundTrip('second');
  const resetAtClient = once(first.socket, 'error');
  const [targetOfFirst, targetOfSecond] = targetSockets;
  targetOfFirst?.resetAndDestroy();
  expect((await resetAtClient)[0]).toMatchObject({ code: 'ECONNRESET' });
  const resetAtTarget = closing(targetOfSecond);
  second.socket.resetAndDestroy();
  expect(await resetAtTarget).toBe(true);
});

test('reset cuts all connections and each new one', async () => {
  const { proxy, targetSockets } = await startBench();
  const client = await open(proxy);
  await client.roundTrip('hello');
  const atClient = once(client.socket, 'error');
  const atTarget = closing(targetSockets[0]);
  proxy.set({ kind: 'reset' });
  expect((await atClient)[0]).toMatchObject({ code: 'ECONNRESET' });
  expect(await atTarget).toBe(true);
  const late = connect(proxy.port, proxy.host);
  expect((await once(late, 'error'))[0]).toMatchObject({ code: 'ECONNRESET' });
  proxy.set({ kind: 'pass' });
  await (await open(proxy)).roundTrip('again');
});

test('blackhole loses data, and the connection stays dead after the mode changes', async () => {
  const { proxy, arrived } = await startBench();
  const client = await open(proxy);
  await client.roundTrip('before ');
  proxy.set({ kind: 'blackhole' });
  client.socket.write('lost ');
  const waiting = await open(proxy);
  await until(() => proxy.connections() === 2, { what: 'the second connection, which comes after what was sent' });
  proxy.set({ kind: 'pass' });
  await waiting.roundTrip('waited');
  client.socket.write('late ');
  await settle(proxy);
  expect(textOf(arrived)).toBe('before waitedprobeprobeprobe');
  expect(client.text()).toBe('before ');
  expect(client.socket.closed).toBe(false);
});

test('a connection that is silent through a blackhole survives it', async () => {
  const { proxy } = await startBench();
  const client = await open(proxy);
  await client.roundTrip('before');
  proxy.set({ kind: 'blackhole' });
  proxy.set({ kind: 'pass' });
  await client.roundTrip(' after');
  expect(client.text()).toBe('before after');
});

test('a blackhole hides that a side hangs up', async () => {
  const { proxy, targetSockets } = await startBench();
  const client = await open(proxy);
  await client.roundTrip('before');
  proxy.set({ kind: 'blackhole' });
  client.socket.resetAndDestroy();
  await until(() => proxy.connections() === 0, { what: 'the client to be gone' });
  proxy.set({ kind: 'pass' });
  await settle(proxy);
  expect(targetSockets[0]?.closed).toBe(false);
});

test('a blackhole for answers lets requests through', async () => {
  const { proxy, arrived } = await startBench();
  const client = await open(proxy);
  await client.roundTrip('before ');
  proxy.set({ kind: 'blackhole', direction: 'down' });
  client.socket.write('request');
  await until(() => textOf(arrived) === 'before request', { what: 'the request to arrive' });
  proxy.set({ kind: 'pass' });
  await settle(proxy);
  expect(client.text()).toBe('before ');
});

test('a blackhole for requests lets answers through', async () => {
  const { proxy, arrived, targetSockets } = await startBench();
  const client = await open(proxy);
  await client.roundTrip('before ');
  proxy.set({ kind: 'blackhole', direction: 'up' });
  targetSockets[0]?.write('pushed');
  await until(() => client.text() === 'before pushed', { what: 'the answer to arrive' });
  client.socket.write('request');
  await open(proxy);
  await until(() => proxy.connections() === 2, { what: 'the second connection, which comes after the request' });
  proxy.set({ kind: 'pass' });
  await settle(proxy);
  expect(textOf(arrived)).toBe('before probeprobeprobe');
});

test('the target never sees a client that left during a blackhole', async () => {
  const { proxy, targetSockets } = await startBench({ kind: 'blackhole' });
  const client = await open(proxy);
  await until(() => proxy.connections() === 1, { what: 'the connection' });
  client.socket.end('never mind');
  await until(() => proxy.connections() === 0, { what: 'the client to be gone' });
  proxy.set({ kind: 'pass' });
  await settle(proxy);
  expect(targetSockets).toHaveLength(3);
});

test('latency delays both directions and keeps the order', async () => {
  const { proxy } = await startBench({ kind: 'latency', ms: 40, jitterMs: 20 });
  const client = await open(proxy);
  const startedAt = performance.now();
  for (let index = 0; index < 10; index += 1) {
    client.socket.write(`${index} `);
    // The proxy reads the piece before the next is written.
    await nextTurn();
    await nextTurn();
  }
  const all = '0 1 2 3 4 5 6 7 8 9 ';
  await until(() => client.text() === all, { what: 'all to come back' });
  // Timers may fire up to a millisecond early.
  expect(performance.now() - startedAt).toBeGreaterThan(78);
});

test('slice passes the same bytes in small pieces', async () => {
  const { proxy, arrived } = await startBench();
  const client = await open(proxy);
  await client.roundTrip('.');
  proxy.set({ kind: 'slice', bytes: 4 });
  await client.roundTrip('abcdefghij');
  expect(arrived.map(String)).toEqual(['.', 'abcd', 'efgh', 'ij']);
});

test.each<[ChaosMode, string]>([
  [{ kind: 'slice', bytes: 0 }, 'slice.bytes must be a whole number from 1, not 0.'],
  [{ kind: 'latency', ms: -1 }, 'latency.ms and latency.jitterMs must not be negative'],
])('refuses %j and keeps its mode', async (mode, message) => {
  const { proxy } = await startBench();
  expect(() => proxy.set(mode)).toThrow(message);
  expect(proxy.mode).toEqual({ kind: 'pass' });
  await expect(startChaosProxy({ target: { host: '127.0.0.1', port: 1 }, mode })).rejects.toThrow(message);
});

test('closing cuts all connections', async () => {
  const { proxy } = await startBench();
  const client = await open(proxy);
  await client.roundTrip('hello');
  const closed = once(client.socket, 'end');
  await proxy.close();
  await closed;
  expect(proxy.connections()).toBe(0);
});
