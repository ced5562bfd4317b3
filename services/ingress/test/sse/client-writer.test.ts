import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type ClientWriterOptions, createClientWriter } from '../../src/sse/client-writer.ts';

const closers: (() => unknown)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A response whose client reads nothing until its socket is resumed. */
async function slowClient(): Promise<{ response: ServerResponse; socket: Socket }> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.pause();
  closers.push(
    () => socket.destroy(),
    () => server.close(),
    () => server.closeAllConnections(),
  );
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  const [, response] = (await once(server, 'request')) as [unknown, ServerResponse];
  response.writeHead(200);
  return { response, socket };
}

function write(response: ServerResponse, over: Partial<ClientWriterOptions> = {}) {
  const [onPause, onResume, onCut] = [vi.fn<() => void>(), vi.fn<() => void>(), vi.fn<() => void>()];
  const writer = createClientWriter({
    response,
    pauseAtBytes: 100_000,
    cutAtBytes: 50_000_000,
    stallMs: 60_000,
    onPause,
    onResume,
    onCut,
    ...over,
  });
  return { writer, onPause, onResume, onCut };
}

const piece = 'x'.repeat(64 * 1024);

describe('createClientWriter', () => {
  it('sends the texts of one turn as one chunk, and those of the next turn by themselves', async () => {
    const { response, socket } = await slowClient();
    const { writer } = write(response);
    const chunks = vi.spyOn(response, 'write');
    writer.write('a');
    await Promise.resolve();
    writer.write('b');
    await vi.waitFor(() => expect(chunks).toHaveBeenCalledOnce());
    writer.write('c');
    await vi.waitFor(() => expect(chunks).toHaveBeenCalledTimes(2));
    writer.write('d');
    writer.end('e');
    expect(chunks.mock.calls.map(([text]) => text)).toEqual(['ab', 'c']);
    let text = '';
    socket.on('data', (bytes) => (text += bytes.toString('latin1')));
    socket.resume();
    await vi.waitFor(() => expect(text).toMatch(/2\r\nab\r\n1\r\nc\r\n2\r\nde\r\n0\r\n\r\n$/));
  });

  it('drops the texts of a turn in which the response breaks', async () => {
    const { response } = await slowClient();
    const { writer } = write(response);
    const chunks = vi.spyOn(response, 'write');
    writer.write('a');
    response.destroy();
    writer.write('b');
    await once(response, 'close');
    expect(chunks).not.toHaveBeenCalled();
  });

  it('asks to pause once while the client does not read, and to resume when it does', async () => {
    const { response, socket } = await slowClient();
    const { writer, onPause, onResume, onCut } = write(response);
    let written = 0;
    while (onPause.mock.calls.length === 0 && written < 1000) {
      writer.write(piece);
      written++;
    }
    writer.write(piece);
    expect(onPause).toHaveBeenCalledOnce();
    expect(onResume).not.toHaveBeenCalled();
    socket.resume();
    await vi.waitFor(() => expect(onResume).toHaveBeenCalledOnce());
    expect(onCut).not.toHaveBeenCalled();
  });

  it('disconnects a client that leaves too many bytes unread', async () => {
    const { response } = await slowClient();
    const { writer, onCut } = write(response, { cutAtBytes: 500_000 });
    for (let written = 0; written < 1000 && onCut.mock.calls.length === 0; written++) writer.write(piece);
    expect(onCut).toHaveBeenCalledOnce();
    expect(response.destroyed).toBe(true);
    writer.write(piece);
    writer.end('data: [DONE]\n\n');
    expect(onCut).toHaveBeenCalledOnce();
  });

  it('allows a burst, and disconnects a client that does not catch up with it', async () => {
    const [reader, sleeper] = await Promise.all([slowClient(), slowClient()]);
    const served = write(reader.response, { cutAtBytes: 4_000_000 });
    const stalled = write(sleeper.response, { cutAtBytes: 4_000_000 });
    reader.socket.resume();
    for (let written = 0; written < 200; written++) {
      served.writer.write(piece);
      stalled.writer.write(piece);
    }
    expect(stalled.onCut).not.toHaveBeenCalled();
    await vi.waitFor(() => expect(stalled.onCut).toHaveBeenCalledOnce(), { timeout: 3000 });
    expect(served.onCut).not.toHaveBeenCalled();
  });

  it('disconnects a client that takes nothing for too long, so that it sees a broken answer', async () => {
    const { response, socket } = await slowClient();
    const { writer, onCut } = write(response, { stallMs: 50 });
    for (let written = 0; written < 200; written++) writer.write(piece);
    await vi.waitFor(() => expect(onCut).toHaveBeenCalledOnce());
    let text = '';
    socket.on('data', (bytes) => (text += bytes.toString('latin1')));
    socket.resume();
    await once(socket, 'close');
    expect(text).not.toContain('\r\n0\r\n\r\n');
  });

  it('disconnects a client that does not take the end in time', async () => {
    const { response } = await slowClient();
    const { writer, onPause } = write(response, { stallMs: 60_000 });
    while (onPause.mock.calls.length === 0) writer.write(piece);
    response.removeAllListeners('drain');
    const { writer: last } = write(response, { stallMs: 50 });
    last.end('bye');
    await once(response, 'close');
    expect(response.destroyed).toBe(true);
  });
});
